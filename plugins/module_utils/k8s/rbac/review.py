# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the API server itself: a SubjectAccessReview, which all of its authorizers answer, not RBAC alone."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Identity

_PATH = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def review(cluster: Cluster, identity: Identity, request: Request) -> bool:
    """The server's answer. Nothing is stored. Raises ApiStatus, as without the right to ask, or Unreachable."""
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": _spec(identity, request)}
    answer = cluster.request("POST", _PATH, body)
    return bool((answer.get("status") or {}).get("allowed"))


def _spec(identity: Identity, request: Request) -> dict[str, Any]:
    asker: dict[str, Any] = {"user": identity.username, "groups": sorted(identity.groups)}
    if request.path is not None:
        return {**asker, "nonResourceAttributes": {"verb": request.verb, "path": request.path}}
    attributes = {
        "verb": request.verb,
        "group": request.group,
        "resource": request.resource,
        "subresource": request.subresource,
        "name": request.name,
        "namespace": request.namespace,
    }
    return {**asker, "resourceAttributes": attributes}
