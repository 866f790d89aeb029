# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an object is on an API server. A name that is none of Kubernetes' never gets into a URL."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253


class BadName(ValueError):
    """No namespace or object of Kubernetes is called so."""


def is_name(name: str) -> bool:
    """Whether an object may be called so (a DNS subdomain)."""
    return len(name) <= _LONGEST_NAME and _SUBDOMAIN.fullmatch(name) is not None


def is_namespace(name: str) -> bool:
    """Whether a namespace may be called so (a DNS label)."""
    return _LABEL.fullmatch(name) is not None


def object_path(resource: str, *, api: str = "v1", namespace: str = "", name: str = "", part: str = "") -> str:
    """/api/v1/namespaces/NAMESPACE/RESOURCE/NAME/PART; BadName for a name that no object has.

    resource, api and part (a subresource) are ours; namespace and name may come from an alert.
    """
    if namespace and not is_namespace(namespace):
        raise BadName(f"{namespace[:80]!r} is no name of a namespace")
    if name and not is_name(name):
        raise BadName(f"{name[:80]!r} is no name of an object")
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    pieces = [root, f"namespaces/{namespace}" if namespace else "", resource, name, part]
    return "/".join(piece for piece in pieces if piece)
