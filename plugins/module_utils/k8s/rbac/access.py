# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has which risk, by which path: the judgement of roles carried through bindings to subjects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.defaults import (
    added_rules,
    shipped_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE,
    Binding,
    Role,
    RoleRef,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.risk_table import BOTH, RISKS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.risks import Hit, judge
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    ANONYMOUS,
    AUTHENTICATED,
    GROUP,
    MASTERS,
    SERVICE_ACCOUNT,
    UNAUTHENTICATED,
    USER,
    Subject,
)

CLUSTER_ADMIN = RoleRef(CLUSTER_ROLE, "cluster-admin")
_ANYBODY = {
    Subject(USER, ANONYMOUS): "anonymous_binding",
    Subject(GROUP, UNAUTHENTICATED): "anonymous_binding",
    Subject(GROUP, AUTHENTICATED): "authenticated_binding",
}
# A token for a ServiceAccount of these is a token for the cluster.
_PRIVILEGED_NAMESPACES = frozenset(["kube-system"])
_PRIVILEGES = (
    "wildcard_all",
    "cluster_admin_binding",
    "escalate",
    "bind",
    "impersonate",
    "secrets_read",
    "nodes_proxy",
)

# {"via": text, "rule_index": int or None, "namespace": text or None, "rule": {…}, "instead": [{…}] or None}
RiskPath = Mapping[str, Any]


class Access:
    """The grants of one subject that did not come with the cluster: its roles, and its risks with their paths."""

    def __init__(self) -> None:
        self.bindings: list[Binding] = []
        self.risks: dict[str, list[RiskPath]] = defaultdict(list)

    @property
    def everywhere(self) -> bool:
        """Whether a risk that gives all others is held in every namespace."""
        return any(path["namespace"] is None for risk in _PRIVILEGES for path in self.risks.get(risk, ()))

    def settle(self, privileged: Collection[str], powerful: Collection[str]) -> None:
        """Turn the parts that were gathered into the risks that they make.

        privileged: namespaces where a token is a token for the cluster. powerful: names of users, groups and
        ServiceAccounts whom to impersonate is a gain; to be them is none where a rule names others only.
        """
        for risk, parts in BOTH.items():
            gathered = [self.risks.pop(part, []) for part in parts]
            paths = list(_together(gathered))
            if paths:
                self.risks[risk] = paths
        for path in self.risks.pop("secrets_write", ()):
            if path["namespace"] is None or path["namespace"] in privileged:
                self.risks["secrets_write_token"].append(path)
        self.risks["impersonate"] = [path for path in self.risks.pop("impersonate", ()) if _gains(path, powerful)]


class Judge:
    """The roles of a cluster, judged once each."""

    def __init__(self, roles: Mapping[RoleRef, Role]) -> None:
        self._roles = roles
        self._whole: dict[RoleRef, tuple[Hit, ...]] = {}
        self._added: dict[RoleRef, tuple[Hit, ...]] = {}

    def accesses(self, bindings: Collection[Binding]) -> dict[Subject, Access]:
        """The access of every subject that a binding of this cluster's own making names, in the bindings' order."""
        accesses: dict[Subject, Access] = defaultdict(Access)
        for binding in bindings:
            shipped = shipped_subjects(binding) or frozenset()
            strangers = [subject for subject in binding.counted if subject not in shipped]
            if strangers:
                self._spread(binding, strangers, dict(self._stranger_paths(binding)), accesses)
            if shipped and self._hits(self._added, binding.role):
                natives = [subject for subject in binding.counted if subject in shipped]
                paths = dict(_grouped(binding, self._hits(self._added, binding.role)))
                if paths:
                    self._spread(binding, natives, paths, accesses)
        _settle(accesses)
        return dict(accesses)

    def _stranger_paths(self, binding: Binding) -> Iterator[tuple[str, list[RiskPath]]]:
        yield from _grouped(binding, self._hits(self._whole, binding.role))
        if binding.role == CLUSTER_ADMIN:
            yield "cluster_admin_binding", [_path(binding, None)]

    def _spread(
        self,
        binding: Binding,
        subjects: Collection[Subject],
        paths: Mapping[str, list[RiskPath]],
        accesses: dict[Subject, Access],
    ) -> None:
        """The paths are the same for all subjects of a binding, and are shared by them."""
        for subject in subjects:
            access = accesses[subject]
            access.bindings.append(binding)
            for risk, found in paths.items():
                access.risks[risk].extend(found)
            if subject in _ANYBODY:
                access.risks[_ANYBODY[subject]].append(_path(binding, None))
            if subject == Subject(GROUP, MASTERS) and binding.role != CLUSTER_ADMIN:
                access.risks["cluster_admin_binding"].append(_path(binding, None))

    def _hits(self, known: dict[RoleRef, tuple[Hit, ...]], ref: RoleRef) -> tuple[Hit, ...]:
        if ref not in known:
            role = self._roles.get(ref)
            if role is None:
                known[ref] = ()
            else:
                rules = added_rules(role, self._roles) if known is self._added else enumerate(role.rules)
                known[ref] = tuple(hit for hit in judge(rules) if hit.risk != "bind_verb" or self._binds(hit.rule))
        return known[ref]

    def _binds(self, rule: Rule) -> bool:
        """Whether a rule with the verb bind reaches a role that is a risk: one that names harmless roles is none."""
        return not rule.names or any(
            role.ref.name in rule.names and judge(enumerate(role.rules)) for role in self._roles.values()
        )


def _settle(accesses: Mapping[Subject, Access]) -> None:
    powerful = {subject for subject, access in accesses.items() if access.everywhere}
    namespaces = {subject.namespace for subject in powerful if subject.kind == SERVICE_ACCOUNT}
    names = {subject.name for subject in powerful} | {subject.username for subject in powerful}
    for access in accesses.values():
        access.settle(_PRIVILEGED_NAMESPACES | namespaces, names)


def _gains(path: RiskPath, powerful: Collection[str]) -> bool:
    """Whether a rule lets somebody impersonate anybody, one of the powerful, or whom the cluster itself relies on."""
    names = path["rule"].get("resourceNames")
    return not names or any(name in powerful or name.startswith("system:") for name in names)


def _grouped(binding: Binding, hits: Collection[Hit]) -> Iterator[tuple[str, list[RiskPath]]]:
    found: dict[str, list[RiskPath]] = defaultdict(list)
    for hit in hits:
        if hit.counts_in(binding.namespace):
            found[hit.risk].append(_path(binding, hit))
    yield from found.items()


def _path(binding: Binding, hit: Hit | None) -> RiskPath:
    place = f"in {binding.namespace}" if binding.namespace else "everywhere"
    rule = f" rule {hit.index}" if hit else ""
    path: dict[str, Any] = {
        "via": f"{binding.text} → {binding.role.text}{rule}, {place}",
        "rule_index": hit.index if hit else None,
        "namespace": binding.namespace or None,
    }
    if hit:
        path["rule"] = hit.rule.as_dict()
        path["instead"] = None if hit.instead is None else [rule.as_dict() for rule in hit.instead]
    return path


def _together(gathered: list[list[RiskPath]]) -> Iterator[RiskPath]:
    """The paths of all parts in the namespaces where each part is had; a part that counts everywhere counts there."""
    places = {path["namespace"] for paths in gathered for path in paths}
    held = {place for place in places if all(_holds(paths, place) for paths in gathered)}
    told: set[str] = set()
    for path in (path for paths in gathered for path in paths):
        if (path["namespace"] in held or (path["namespace"] is None and held)) and path["via"] not in told:
            told.add(path["via"])
            yield path


def _holds(paths: list[RiskPath], place: str | None) -> bool:
    return any(path["namespace"] in (None, place) for path in paths)


def risk_names() -> tuple[str, ...]:
    """Every risk that an Access can hold."""
    return (*RISKS, "cluster_admin_binding", "anonymous_binding", "authenticated_binding")
