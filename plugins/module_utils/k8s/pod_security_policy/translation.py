# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PodSecurityPolicy, or several that one namespace may use, as a Pod Security level and the CEL rules beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import (
    LATEST,
    minor_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy import cel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.level_match import (
    level_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    BASELINE_CAPABILITIES,
    BASELINE_VOLUMES,
    LEVELS,
    RESTRICTED_VOLUMES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.losses import (
    Difference,
    differences,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.rules import (
    Rule,
    capabilities_of,
    rules,
)

Object = Mapping[str, Any]
_BY_LEVEL = frozenset({"privileged", "hostNetwork", "hostPID", "hostIPC"})
_COMBINED = (
    "a pod is let in that takes one thing from one of these policies and another thing from another, where each of them"
    " alone refuses the pod"
)


@dataclass(frozen=True)
class Translation:
    """level: that takes the policies' place. obstacles: {policy: {field: why the level is no stricter}}.

    rules: what is kept beside the level. differences: {policy: what is lost or new}; "" is all policies together.
    """

    level: str
    obstacles: Mapping[str, Mapping[str, str]]
    rules: tuple[Rule, ...]
    differences: Mapping[str, tuple[Difference, ...]]


def translate(policies: Sequence[Object], version: str = LATEST) -> Translation:
    """What takes the place of policies that the same pods may use, so that each pod needs to meet one of them only.

    version: of the Pod Security Standards. Raises K8sError for what is none.
    """
    found = {_name(policy): level_of(policy) for policy in policies}
    level = min((level for level, _why in found.values()), key=LEVELS.index, default="privileged")
    kept = {_name(policy): kept_rules(policy, level) for policy in policies}
    common = _common(list(kept.values()))
    fields = frozenset(rule.field for rule in common)
    lost = {_name(policy): differences(policy, level, fields, minor_of(version)) for policy in policies}
    if len(policies) > 1:
        lost[""] = _of_combination(policies, fields)
    return Translation(level, {name: why for name, (_level, why) in found.items()}, common, lost)


def kept_rules(policy: Object, level: str) -> tuple[Rule, ...]:
    """The rules of a policy that the level does not imply."""
    return tuple(rule for rule in rules(policy) if not _is_implied(rule.field, policy.get("spec") or {}, level))


def _name(policy: Object) -> str:
    return str((policy.get("metadata") or {}).get("name") or "")


def _is_implied(field: str, spec: Object, level: str) -> bool:
    if level == "privileged":
        return _is_moot(field, spec)
    if field in _BY_LEVEL or field in ("hostPorts", "allowedProcMountTypes"):
        return True
    if field == "allowedCapabilities":
        known = set(BASELINE_CAPABILITIES) if level == "baseline" else {"NET_BIND_SERVICE"}
        return known <= set(capabilities_of(spec))
    if field == "volumes":
        types = set(BASELINE_VOLUMES if level == "baseline" else RESTRICTED_VOLUMES)
        return types <= set(spec.get("volumes") or ())
    if field == "allowedUnsafeSysctls":
        return True
    return level == "restricted" and _is_restricted(field, spec)


def _is_restricted(field: str, spec: Object) -> bool:
    """Whether the level restricted asks for no less."""
    if field == "runAsUser":
        return (spec.get("runAsUser") or {}).get("rule") == "MustRunAsNonRoot"
    return field in ("allowPrivilegeEscalation", "requiredDropCapabilities")


def _is_moot(field: str, spec: Object) -> bool:
    """Whether a rule keeps nobody out who may have privileged containers, or who may have all of it."""
    if field == "allowedProcMountTypes":
        return bool(spec.get("privileged"))
    return field == "hostPorts" and any(row["min"] <= 1 and row["max"] >= 65535 for row in spec.get("hostPorts") or ())


def _common(kept: Sequence[Sequence[Rule]]) -> tuple[Rule, ...]:
    """Of several policies, a rule for each field that none of them leaves open: one of theirs must hold."""
    if len(kept) < 2:
        return tuple(kept[0]) if kept else ()
    by_field = [{rule.field: rule for rule in found} for found in kept]
    shared = [field for field in by_field[0] if all(field in found for found in by_field)]
    return tuple(_either(field, [found[field] for found in by_field]) for field in shared)


def _either(field: str, found: Sequence[Rule]) -> Rule:
    expressions = list(dict.fromkeys(rule.expression for rule in found))
    messages = list(dict.fromkeys(rule.message for rule in found))
    return Rule(field, expressions[0] if len(expressions) == 1 else cel.any_of(expressions), ", or ".join(messages))


def _of_combination(policies: Sequence[Object], kept: frozenset[str]) -> tuple[Difference, ...]:
    ruled = {rule.field for policy in policies for rule in rules(policy)}
    return tuple(Difference(field, "looser", _COMBINED) for field in sorted(ruled | kept))
