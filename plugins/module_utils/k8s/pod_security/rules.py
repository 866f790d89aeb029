# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for what the labels of a namespace cannot say: where images come from, limits, read-only root, groups.

Each rule is there twice, as a Python check and as CEL for the API server; both give the same verdict of a pod.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    rule_containers,
    rule_images,
    rule_users,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod, read_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import (
    Fault,
    Violation,
    violation,
)

# The level of a rule's violations: it belongs to none of the standards.
RULE = "rule"
# What the CEL of a rule is about: each container c, each of those that are there from the start, or the pod.
EACH, EACH_LASTING, POD = "containers", "lasting", "pod"

_REGISTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?::\d+)?(?:/[a-z0-9._-]+)*/?\Z")
_RESOURCE = re.compile(r"[a-z0-9A-Z][a-z0-9A-Z./_-]*\Z")
_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Rule:
    """`option`: its name in a declaration. `wanted`: a clause for messages. `fault`: what is wrong with its value."""

    option: str
    wanted: str
    check: Callable[[Pod, Any], Iterator[Fault]]
    cel: Callable[[Any], str]
    fault: Callable[[Any], str | None]
    about: str = EACH


def _switch_fault(value: Any) -> str | None:
    return None if isinstance(value, bool) else "write true or false"


def _list_fault(form: re.Pattern[str], what: str, value: Any) -> str | None:
    if not isinstance(value, list):
        return "write a list"
    bad = next((each for each in value if not isinstance(each, str) or not form.match(each)), None)
    return None if bad is None else f"{bad!r} is no {what}"


def _registries_fault(value: Any) -> str | None:
    return _list_fault(_REGISTRY, "registry: write host[:port] or host[:port]/repository", value)


def _limits_fault(value: Any) -> str | None:
    return _list_fault(_RESOURCE, "name of a resource: write cpu, memory or another", value)


def _strategy_fault(value: Any) -> str | None:
    if not isinstance(value, Mapping) or set(value) - {"rule", "ranges"}:
        return "write a mapping of rule and ranges"
    if value.get("rule") not in ("MustRunAs", "MayRunAs"):
        return "rule is MustRunAs or MayRunAs"
    ranges = value.get("ranges")
    if not isinstance(ranges, list) or not ranges or not all(map(_is_range, ranges)):
        return f"ranges are a list of mappings of min and max, from 0 to {_LARGEST_ID}"
    return None


def _is_range(value: Any) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"min", "max"}:
        return False
    low, high = value["min"], value["max"]
    numbers = all(isinstance(each, int) and not isinstance(each, bool) for each in (low, high))
    return numbers and 0 <= low <= high <= _LARGEST_ID


RULES: tuple[Rule, ...] = (
    Rule(
        "allowed_registries",
        "images must come from an allowed registry",
        rule_images.outside_registries,
        rule_images.in_registries,
        _registries_fault,
    ),
    Rule(
        "require_digest",
        "images must be named by their digest",
        rule_images.without_digest,
        rule_images.with_digest,
        _switch_fault,
    ),
    Rule(
        "forbid_latest",
        "images must have a tag other than latest, or a digest",
        rule_images.floating,
        rule_images.not_floating,
        _switch_fault,
    ),
    Rule(
        "read_only_root_filesystem",
        "securityContext.readOnlyRootFilesystem must be true",
        rule_containers.writable_root,
        rule_containers.read_only_root,
        _switch_fault,
    ),
    Rule(
        "required_limits",
        "resources.limits must be set",
        rule_containers.unlimited,
        rule_containers.limited,
        _limits_fault,
        EACH_LASTING,
    ),
    Rule("run_as_user", "runAsUser must be of an allowed range", *rule_users.RUN_AS_USER, _strategy_fault),
    Rule("run_as_group", "runAsGroup must be of an allowed range", *rule_users.RUN_AS_GROUP, _strategy_fault),
    Rule(
        "fs_group",
        "fsGroup must be of an allowed range",
        rule_users.outside_fs_group,
        rule_users.within_fs_group,
        _strategy_fault,
        POD,
    ),
    Rule(
        "supplemental_groups",
        "supplementalGroups must be of an allowed range",
        rule_users.outside_groups,
        rule_users.within_groups,
        _strategy_fault,
        POD,
    ),
)


def rules_in_use(declared: Mapping[str, Any] | None) -> list[tuple[Rule, Any]]:
    """The declared rules with their values; those that are null, false or empty ask for nothing.

    Raises K8sError for a rule that does not exist, or a value that does not fit.
    """
    known = {rule.option: rule for rule in RULES}
    for name, value in (declared or {}).items():
        if name not in known:
            raise K8sError(f"rules: there is no rule {name!r}; there are {', '.join(known)}")
        fault = None if value is None else known[name].fault(value)
        if fault:
            raise K8sError(f"rules: {name}: {fault}")
    return [(rule, (declared or {})[rule.option]) for rule in RULES if (declared or {}).get(rule.option)]


def evaluate_rules(metadata: Any, pod_spec: Any, declared: Mapping[str, Any] | None) -> list[Violation]:
    """The rules that a pod or template does not satisfy. Raises K8sError for rules that cannot be used."""
    return pod_violations(read_pod(metadata, pod_spec), rules_in_use(declared))


def pod_violations(pod: Pod, rules: list[tuple[Rule, Any]]) -> list[Violation]:
    """The same for a pod that was read, and rules that were looked through."""
    found = ((rule, list(rule.check(pod, value))) for rule, value in rules)
    return [violation(rule.option, RULE, rule.wanted, faults) for rule, faults in found if faults]
