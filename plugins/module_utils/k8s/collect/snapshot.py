# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assemble the snapshot of one cluster: every list once, page by page, and of each object only its facts kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.certificates import (
    CertificateCollector,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.cluster import cluster_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.control_plane import (
    CONTROL_PLANE_SCOPES,
    components_in_pods,
    control_plane_subjects,
    unseen_reason,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.control_plane_host import (
    FILES_NOT_ASKED,
    ControlPlaneHost,
    with_encryption,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.facts import merged
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.images import image_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.ingresses import add_ingresses
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.kubelets import (
    NOT_ASKED,
    collect_kubelets,
    list_nodes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists, Namespaces
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.namespaces import (
    counted,
    list_namespaces,
    namespace_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.network import (
    Network,
    read_network,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.secrets import collect_secrets
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.service_accounts import (
    ServiceAccounts,
    list_service_accounts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.workloads import (
    WorkloadCollector,
    Workloads,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    facts as pod_security,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.facts import rbac_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import (
    RbacObjects,
    privileged_policies,
    read_cluster,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.usage import unused_grants

SCHEMA_VERSION = "1.0"
Facts = dict[str, Any]

# What the workloads tell, of which each scope needs a part.
_FROM_WORKLOADS = ("workload", "image", "namespace", "secret", "network_policy")


@dataclass(frozen=True)
class Wanted:
    """What to collect. `scopes` None means all; `later_version` is the other one that workloads are judged at.

    audit_log: files of a log of the API's audit, which tell what of the access is used.
    """

    scopes: frozenset[str] | None = None
    namespaces: Namespaces = field(default_factory=Namespaces)
    kubelet_configz: bool = False
    control_plane: bool = False
    later_version: str = "latest"
    audit_log: Sequence[str] = ()

    def has(self, *scopes: str) -> bool:
        """Whether one of the scopes is wanted."""
        return self.scopes is None or bool(self.scopes & set(scopes))


def collect(cluster: Cluster, wanted: Wanted | None = None) -> dict[str, Any]:
    """The snapshot: {schema_version, kind, collected_at, cluster, versions, errors, unseen, subjects}, by scope.

    Raises K8sError where the cluster does not answer at all, or refuses the credentials; what else cannot be read is
    in `errors` by scope, or in `unknown` of a subject; what nobody can see from here is in `unseen`.
    """
    now = datetime.now(timezone.utc)
    snapshot: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": "k8s",
        "collected_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cluster": cluster.address,
        "versions": {"kubernetes": cluster.version.git},
        "errors": {},
        "unseen": {},
        "subjects": {},
    }
    _Collection(cluster, wanted or Wanted(), now, snapshot).run()
    return snapshot


class _Collection:
    """One collecting, scope by scope."""

    def __init__(self, cluster: Cluster, wanted: Wanted, now: datetime, snapshot: dict[str, Any]) -> None:
        self._cluster = cluster
        self._wanted = wanted
        self._now = now
        self._lists = Lists(cluster, wanted.namespaces)
        self._errors: dict[str, str] = snapshot["errors"]
        self._unseen: dict[str, str] = snapshot["unseen"]
        self._subjects: dict[str, list[Facts]] = snapshot["subjects"]
        self._host = self._found_here() if wanted.control_plane else None

    def _found_here(self) -> ControlPlaneHost | None:
        try:
            return ControlPlaneHost(self._cluster)
        except ApiStatus as exc:
            self._fail(exc, "file", *CONTROL_PLANE_SCOPES)
            return None

    def run(self) -> None:
        self._scope("cluster", lambda: [cluster_facts(self._cluster)])
        if self._wanted.has(*_FROM_WORKLOADS):
            self._objects()
        if self._wanted.has("access", "role", "binding", "service_account"):
            self._rbac()
        if self._wanted.has(*CONTROL_PLANE_SCOPES):
            self._control_plane()
        if self._wanted.has("kubelet"):
            self._kubelets()
        if self._wanted.has("file"):
            self._files()
        if self._wanted.has("certificate"):
            self._certificates()

    def _rbac(self) -> None:
        try:
            objects = self._grants()
            policies = privileged_policies(self._cluster)
        except ApiStatus as exc:
            self._fail(exc, "access", "role", "binding", "service_account")
            return
        unused = unused_grants(objects, self._wanted.audit_log)
        for scope, subjects in rbac_facts(objects, unused=unused, privileged_policies=policies).items():
            self._scope(scope, partial(self._of_namespaces, subjects))

    def _grants(self) -> RbacObjects:
        """Without the ServiceAccounts where these may not be listed: who may do what is told all the same."""
        try:
            return read_cluster(self._cluster)
        except ApiStatus as exc:
            if exc.status != 403:
                raise
            objects = read_cluster(self._cluster, accounts=False)  # refuses again where it was not about these
            self._fail(exc, "service_account")
            return objects

    def _of_namespaces(self, subjects: Iterable[Facts]) -> list[Facts]:
        """Those of the wanted namespaces, and those that have none."""
        has = self._wanted.namespaces.has
        return [each for each in subjects if "namespace" not in each["subject"] or has(each["subject"]["namespace"])]

    def _control_plane(self) -> None:
        try:
            components = components_in_pods(self._cluster)
        except ApiStatus as exc:
            self._fail(exc, *CONTROL_PLANE_SCOPES)
            return
        host = self._host
        here = control_plane_subjects(host.components() if host else (), self._cluster.version)
        found = {**here, **control_plane_subjects(components, self._cluster.version)}
        with_encryption(found.get("api_server", ()), host.encryption_writer() if host else None)
        for scope in CONTROL_PLANE_SCOPES:
            self._subjects[scope] = found.get(scope, [])
            if scope not in found and scope not in self._errors:
                self._unseen[scope] = unseen_reason(scope)

    def _files(self) -> None:
        if self._host is not None:
            self._subjects["file"] = self._host.files()
        elif "file" not in self._errors:
            self._unseen["file"] = FILES_NOT_ASKED

    def _certificates(self) -> None:
        more = {"more": self._host.certificates} if self._host else {}
        collector = CertificateCollector(self._cluster, self._now, **more)
        self._subjects["certificate"] = collector.collect()
        for missing, reasons in ((self._errors, collector.errors), (self._unseen, collector.unseen)):
            if reasons:
                missing["certificate"] = reasons[0]

    def _kubelets(self) -> None:
        here = self._host.kubelets() if self._host else []
        if not self._wanted.kubelet_configz:
            self._subjects["kubelet"] = here
            if not here:
                self._unseen["kubelet"] = NOT_ASKED
            return
        self._scope("kubelet", lambda: collect_kubelets(self._cluster, list_nodes(self._cluster)))

    def _scope(self, name: str, collector: Callable[[], Iterable[Facts]]) -> None:
        if not self._wanted.has(name):
            return
        try:
            self._subjects[name] = list(collector())
        except ApiStatus as exc:
            self._fail(exc, name)

    def _fail(self, exc: ApiStatus, *scopes: str) -> None:
        """Credentials that are refused are refused everywhere; any other refusal is one of this part."""
        if exc.status == 401:
            raise exc
        self._errors.update(dict.fromkeys(scopes, str(exc)))

    def _namespaces(self) -> list[Facts]:
        try:
            return list_namespaces(self._lists)
        except ApiStatus as exc:
            self._fail(exc, "namespace")
            return [{"metadata": {"name": name}} for name in self._wanted.namespaces.only]

    def _objects(self) -> None:
        namespaces = self._namespaces()
        network = read_network(self._lists, namespaces)
        accounts = self._accounts()
        judge = partial(
            pod_security.workload_facts, version=self._cluster.version.text, later=self._wanted.later_version
        )
        found = WorkloadCollector(self._lists, judge, accounts.automount, network).collect()
        if found.errors:
            self._errors.update(dict.fromkeys(("workload", "image"), found.errors[0]))
        self._subjects["workload"] = found.subjects
        self._scope("image", lambda: image_facts(found.usage.images))
        if "namespace" not in self._errors:
            self._scope("namespace", lambda: self._namespace_subjects(namespaces, found, network))
        if network.coverage is None:
            self._errors["network_policy"] = network.failure
        else:
            self._scope("network_policy", network.coverage.policy_subjects)
        if self._wanted.has("secret"):
            self._secrets(found, accounts)

    def _secrets(self, found: Workloads, accounts: ServiceAccounts) -> None:
        unread = [*found.errors, *filter(None, [self._errors.get("service_account")])]
        accounts.add_to(found.usage)
        try:
            add_ingresses(self._lists, found.usage)
        except ApiStatus as exc:
            unread.append(str(exc))
        reason = unread[0] if unread else None
        self._scope("secret", lambda: collect_secrets(self._lists, found.usage, self._now, reason))

    def _accounts(self) -> ServiceAccounts:
        try:
            return list_service_accounts(self._lists)
        except ApiStatus as exc:
            self._fail(exc, "service_account")
            return ServiceAccounts()

    def _namespace_subjects(self, namespaces: Sequence[Facts], found: Workloads, network: Network) -> Iterable[Facts]:
        quotas, unread = counted(self._lists, "/api/v1/resourcequotas")
        for each in namespaces:
            facts = namespace_facts(each, found.usage.workloads)
            name = facts["subject"]["name"]
            unknown = {"quotas": unread} if unread else {}
            yield merged(
                facts,
                {"quotas": quotas.get(name, 0), "unknown": unknown},
                network.namespace_facts(name),
                pod_security.namespace_facts(each, self._cluster.version.text),
            )
