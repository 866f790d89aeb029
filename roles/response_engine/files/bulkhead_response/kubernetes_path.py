# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an object is on an API server. A name that is none of Kubernetes' never gets into a URL."""

from __future__ import annotations

from bulkhead_response.names import is_namespace, is_object


class BadName(ValueError):
    """No namespace or object of Kubernetes is called so."""


def object_path(resource: str, *, api: str = "v1", namespace: str = "", name: str = "", part: str = "") -> str:
    """/api/v1/namespaces/NAMESPACE/RESOURCE/NAME/PART; BadName for a name that no object has.

    resource, api and part (a subresource) are ours; namespace and name may come from an alert.
    """
    if namespace and not is_namespace(namespace):
        raise BadName(f"{namespace[:80]!r} is no name of a namespace")
    if name and not is_object(name):
        raise BadName(f"{name[:80]!r} is no name of an object")
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    pieces = [root, f"namespaces/{namespace}" if namespace else "", resource, name, part]
    return "/".join(piece for piece in pieces if piece)
