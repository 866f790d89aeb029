# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A question about access, in a user's words, and what it asks: who may, what may somebody do, or may somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    Identity,
    Subject,
    identity_of,
    subject_from,
)

# The API group of what Kubernetes itself serves outside of the core group, so that `deployments` means what it means
# to kubectl. Where a resource has been in two groups, the one that is left.
_GROUPS = {
    "apps": "controllerrevisions daemonsets deployments replicasets statefulsets",
    "batch": "cronjobs jobs",
    "autoscaling": "horizontalpodautoscalers",
    "policy": "poddisruptionbudgets podsecuritypolicies",
    "networking.k8s.io": "ingressclasses ingresses ipaddresses networkpolicies servicecidrs",
    "rbac.authorization.k8s.io": "clusterrolebindings clusterroles rolebindings roles",
    "storage.k8s.io": "csidrivers csinodes csistoragecapacities storageclasses volumeattachments",
    "certificates.k8s.io": "certificatesigningrequests clustertrustbundles signers",
    "coordination.k8s.io": "leases",
    "discovery.k8s.io": "endpointslices",
    "node.k8s.io": "runtimeclasses",
    "scheduling.k8s.io": "priorityclasses",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "apiregistration.k8s.io": "apiservices",
    "authentication.k8s.io": "tokenreviews",
    "authorization.k8s.io": "localsubjectaccessreviews selfsubjectaccessreviews subjectaccessreviews",
    "admissionregistration.k8s.io": (
        "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
        "validatingwebhookconfigurations"
    ),
}
_GROUP_OF = {resource: group for group, resources in _GROUPS.items() for resource in resources.split()}


@dataclass(frozen=True)
class Question:
    """`subject` alone asks what it may do, `request` alone who may do that, both together whether it may."""

    subject: Subject | None
    groups: tuple[str, ...]
    request: Request | None
    namespace: str

    @property
    def identity(self) -> Identity:
        """Who asks, with the groups that the server adds and those that were given."""
        if self.subject is None:
            raise ValueError("nobody is asked about")
        return identity_of(self.subject, self.groups)


def question_from(raw: Mapping[str, Any], number: int) -> Question:
    """A question of the module's option. Raises K8sError, by its number, where it asks nothing."""
    where = f"questions[{number}]"
    wanted = raw.get("verb") or raw.get("resource") or raw.get("non_resource_url")
    if not raw.get("subject") and not wanted:
        raise K8sError(f"{where} asks nothing: it needs a subject, or a verb with a resource, or both")
    if raw.get("groups") and not raw.get("subject"):
        raise K8sError(f"{where}: groups go with a subject")
    try:
        subject = subject_from(str(raw["subject"])) if raw.get("subject") else None
    except K8sError as exc:
        raise K8sError(f"{where}: {exc}") from exc
    namespace = str(raw.get("namespace") or "")
    request = _request(raw, namespace, where) if wanted else None
    return Question(subject, tuple(raw.get("groups") or ()), request, namespace)


def _request(raw: Mapping[str, Any], namespace: str, where: str) -> Request:
    if not raw.get("verb"):
        raise K8sError(f"{where}: verb is missing")
    verb = str(raw["verb"])
    if raw.get("non_resource_url"):
        beside = [name for name in ("resource", "api_group", "name", "namespace") if raw.get(name)]
        if beside:
            raise K8sError(f"{where}: {beside[0]} does not go with non_resource_url, which lies in no namespace")
        return Request(verb, path=str(raw["non_resource_url"]))
    if not raw.get("resource"):
        raise K8sError(f"{where}: resource is missing")
    resource, _slash, subresource = str(raw["resource"]).partition("/")
    given = raw.get("api_group")
    group = _GROUP_OF.get(resource, "") if given is None else str(given)
    return Request(verb, resource, group, subresource, str(raw.get("name") or ""), namespace)
