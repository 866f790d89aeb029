# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules beside the levels, by what the cluster has for them: fields of a PodSecurityPolicy, or CEL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.policies import policies
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rules import rules_in_use
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.declaration import (
    Declared,
    Level,
)

# Rules that a PodSecurityPolicy can say, by its field.
_BY_FIELD = {
    "read_only_root_filesystem": "readOnlyRootFilesystem",
    "run_as_user": "runAsUser",
    "run_as_group": "runAsGroup",
    "fs_group": "fsGroup",
    "supplemental_groups": "supplementalGroups",
}
# A PodSecurityPolicy knows no MayRunAs for the user.
_NO_USER_CHOICE = "MayRunAs"


def psp_additions(given: Mapping[str, Mapping[str, Any]], rules: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The additions to the policies of the levels, with the rules in all of them but privileged. Raises K8sError."""
    fields = {_BY_FIELD[rule]: value for rule, value in _said(rules).items()}
    added = {level: dict(given.get(level) or {}) for level in ("privileged", "baseline", "restricted")}
    for level in ("baseline", "restricted"):
        fitting = {field: value for field, value in fields.items() if not _is_looser(level, field, value)}
        added[level]["spec"] = {**fitting, **(added[level].get("spec") or {})}
    return dict(added)


def _is_looser(level: str, field: str, strategy: Any) -> bool:
    """Whether the level's own rule is stricter: restricted never has a pod run as root."""
    return (level, field) == ("restricted", "runAsUser") and any(row["min"] == 0 for row in strategy["ranges"])


def unsaid_by_psp(rules: Mapping[str, Any]) -> list[str]:
    """What is to be known of rules that no PodSecurityPolicy can say."""
    unsaid = [rule.option for rule, _value in rules_in_use(rules) if rule.option not in _said(rules)]
    if not unsaid:
        return []
    return [f"rules: no PodSecurityPolicy can say {', '.join(unsaid)}, so nothing enforces that before Kubernetes 1.30"]


def _said(rules: Mapping[str, Any]) -> dict[str, Any]:
    return {
        rule.option: value
        for rule, value in rules_in_use(rules)
        if rule.option in _BY_FIELD and not (rule.option == "run_as_user" and value["rule"] == _NO_USER_CHOICE)
    }


def admission_policies(
    wanted: Declared, levels: Mapping[str, Level], rules: Mapping[str, Any], actions: Sequence[str], version: Version
) -> list[dict[str, Any]]:
    """ValidatingAdmissionPolicies with their bindings. Raises K8sError.

    With a default level they bind to all namespaces that are not exempt, so that those of tomorrow are covered, too.
    """
    where = {"exempt_namespaces": list(wanted.exempt_namespaces)} if wanted.default else {"namespaces": sorted(levels)}
    if not (levels or wanted.default):
        return []
    declaration = {
        "name": f"{wanted.prefix}-pods",
        "rules": rules,
        "validation_actions": list(actions),
        "exempt_users": [_user(one) for one in wanted.exempt_subjects if one.get("kind") in ("User", "ServiceAccount")],
        "exempt_groups": [str(one.get("name")) for one in wanted.exempt_subjects if one.get("kind") == "Group"],
        **where,
    }
    return policies(declaration, version)


def _user(subject: Mapping[str, Any]) -> str:
    if subject.get("kind") == "ServiceAccount":
        return f"system:serviceaccount:{subject.get('namespace')}:{subject.get('name')}"
    return str(subject.get("name"))
