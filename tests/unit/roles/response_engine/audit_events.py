# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of an audit log, in the form that an API server writes them."""

from __future__ import annotations

from typing import Any


def event(
    verb: str = "get", resource: str = "", *, user: str = "alice", code: int = 200, uri: str = "/x", **more: Any
) -> dict[str, Any]:
    """One event. resource: `[group/]resource[/subresource]`, with a group that has a dot."""
    group, _slash, rest = resource.partition("/") if "." in resource.partition("/")[0] else ("", "", resource)
    name, _slash, subresource = rest.partition("/")
    reference = {"namespace": "shop", "name": "web", "apiGroup": group, "resource": name, "subresource": subresource}
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": "2a0a7a4e-0001",
        "stage": "ResponseComplete",
        "requestURI": uri,
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": ["192.0.2.7"],
        "userAgent": "kubectl/v1.20.2",
        "objectRef": {key: value for key, value in reference.items() if value},
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": "2026-01-01T00:00:00.000000Z",
        **more,
    }
