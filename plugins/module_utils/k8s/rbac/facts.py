# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of RBAC for an audit: of who has access, of roles, of bindings and of ServiceAccounts.

What came with the cluster and is genuine gives no facts, so that nothing is found in it. A fact that would be an empty
list is left out, for there may be thousands of subjects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.access import (
    Access,
    Judge,
    RiskPath,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.defaults import (
    added_rules,
    added_subjects,
    is_default_role,
    shipped_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    Account,
    Binding,
    Role,
    RoleRef,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import RbacObjects
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    SERVICE_ACCOUNT,
    Subject,
)

Facts = dict[str, Any]

_CLOUD_IDENTITIES = (
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/client-id",
)
_AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"


def rbac_facts(
    objects: RbacObjects,
    *,
    unused: Mapping[Subject, Collection[str]] | None = None,
    privileged_policies: Collection[str] | None = None,
) -> dict[str, list[Facts]]:
    """{"access": […], "role": […], "binding": […], "service_account": […]}, each a list of subjects with their facts.

    access: subject {kind: User|Group|ServiceAccount|Namespace, name, namespace?}; role_count; by the id of each risk a
    list of {via, rule_index, namespace, rule, instead} (see access.py); `unused`, paths that an audit log never saw
    (usage.py), where `unused` is given; `bound_subjects` of a Namespace: how many its RoleBindings name.
    role: `added_rules`, what a role of the cluster's own was given beyond what it ships with; `autoupdate`.
    binding: `dangling`, the role that does not exist; `stale_subjects`, ServiceAccounts that do not exist;
    `added_subjects`, whom a binding of the cluster's own was given.
    service_account: `default`, whether it is its namespace's default one; `automount`; `bound_by`; `cloud_identity`.
    privileged_policies: the PodSecurityPolicies that it is a risk to use; None is unknown, and then each one is.
    """
    roles = {role.ref: role for role in objects.roles}
    accesses = Judge(roles).accesses(objects.bindings)
    for access in accesses.values():
        access.risks["psp_use"] = [path for path in access.risks["psp_use"] if _reaches(path, privileged_policies)]
    return {
        "access": [*_accesses(accesses, unused), *_namespaces(objects.bindings)],
        "role": [_role(role, roles) for role in objects.roles],
        "binding": list(_bindings(objects, roles)),
        "service_account": list(_accounts(objects, accesses)),
    }


def _reaches(path: RiskPath, policies: Collection[str] | None) -> bool:
    if policies is None:
        return True
    names = path["rule"].get("resourceNames")
    return bool(policies) if not names else any(name in policies for name in names)


def _accesses(accesses: Mapping[Subject, Access], unused: Mapping[Subject, Collection[str]] | None) -> Iterator[Facts]:
    for subject, access in accesses.items():
        facts: Facts = {"subject": subject.as_dict(), "role_count": len({binding.role for binding in access.bindings})}
        facts.update((risk, paths) for risk, paths in access.risks.items() if paths)
        if unused is not None:
            facts["unused"] = list(unused.get(subject, ()))
        yield facts


def _namespaces(bindings: Collection[Binding]) -> Iterator[Facts]:
    named: dict[str, set[Subject]] = defaultdict(set)
    for binding in bindings:
        if binding.namespace:
            named[binding.namespace].update(set(binding.counted) - (shipped_subjects(binding) or frozenset()))
    for namespace, subjects in named.items():
        yield {"subject": {"kind": "Namespace", "name": namespace}, "bound_subjects": len(subjects)}


def _role(role: Role, roles: Mapping[RoleRef, Role]) -> Facts:
    facts: Facts = {"subject": role.ref.as_dict()}
    added = [{"rule_index": index, "rule": rule.as_dict()} for index, rule in added_rules(role, roles)]
    if added:
        facts["added_rules"] = added
    if is_default_role(role.ref):
        facts["autoupdate"] = role.annotations.get(_AUTOUPDATE) != "false"
    return facts


def _bindings(objects: RbacObjects, roles: Mapping[RoleRef, Role]) -> Iterator[Facts]:
    existing = None if objects.accounts is None else {account.subject for account in objects.accounts}
    for binding in objects.bindings:
        facts: Facts = {"subject": binding.as_dict()}
        if binding.role not in roles:
            facts["dangling"] = binding.role.text
        added = [subject.text for subject in added_subjects(binding)]
        if added:
            facts["added_subjects"] = added
        stale = [] if existing is None else _stale(binding, existing)
        if stale:
            facts["stale_subjects"] = stale
        if existing is None and any(subject.kind == SERVICE_ACCOUNT for subject in binding.counted):
            facts["unknown"] = {"stale_subjects": "it is not known which ServiceAccounts there are"}
        yield facts


def _stale(binding: Binding, existing: Collection[Subject]) -> list[str]:
    """What a binding ships with may be missing: it is there for add-ons that not every cluster has."""
    shipped = shipped_subjects(binding) or frozenset()
    return [
        subject.text
        for subject in binding.counted
        if subject.kind == SERVICE_ACCOUNT and subject not in existing and subject not in shipped
    ]


def _accounts(objects: RbacObjects, accesses: Mapping[Subject, Access]) -> Iterator[Facts]:
    needed = {subject for binding in objects.bindings for subject in binding.counted}
    for account in objects.accounts or ():
        yield _account(account, accesses.get(account.subject), account.subject in needed)


def _account(account: Account, access: Access | None, bound: bool) -> Facts:
    facts: Facts = {
        "subject": account.subject.as_dict(),
        "default": account.subject.name == "default",
        "automount": account.automount is not False,
        "bound": bound,
    }
    if access:
        facts["bound_by"] = [f"{binding.text} → {binding.role.text}" for binding in access.bindings]
    identities = {key: account.annotations[key] for key in _CLOUD_IDENTITIES if account.annotations.get(key)}
    if identities:
        facts["cloud_identity"] = identities
    return facts
