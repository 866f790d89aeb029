# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a level and rules say of many pods, each different pod judged once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import (
    evaluate_pod,
    strictest_level,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod, read_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rules import (
    pod_violations,
    rules_in_use,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    RESTRICTED_VOLUMES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Violation


@dataclass(frozen=True)
class Verdict:
    """`level`: the strictest that admits the pod. `violations`: of the level that was asked for, then of the rules."""

    level: str
    violations: tuple[Violation, ...]

    @property
    def denied(self) -> bool:
        """Whether the pod would not get in."""
        return bool(self.violations)

    @cached_property
    def controls(self) -> frozenset[str]:
        """What it fails, by name."""
        return frozenset(violation.control for violation in self.violations)

    @cached_property
    def shown(self) -> list[dict[str, Any]]:
        """The violations as a result shows them."""
        return [
            {
                "control": each.control,
                "level": each.level,
                "message": each.message,
                "containers": list(each.containers),
                "fields": list(each.fields),
            }
            for each in self.violations
        ]


class Judge:
    """A level of a version, and rules. Raises K8sError for those that do not exist."""

    def __init__(
        self,
        level: str,
        version: str,
        rules: Mapping[str, Any] | None = None,
        exempt_runtime_classes: frozenset[str] = frozenset(),
    ) -> None:
        self.level = level
        self.version = version
        self._rules = rules_in_use(rules)
        self._exempt = exempt_runtime_classes
        self._known: dict[str, Verdict] = {}
        self._judge(read_pod({}, {}))  # so that a wrong level or version is told of even where there is no pod

    def verdict(self, metadata: Any, spec: Any) -> Verdict:
        """The verdict on a pod or a template. It is shared: equal pods get the same one."""
        pod = read_pod(metadata, spec)
        key = _key(pod)
        if key not in self._known:
            self._known[key] = self._judge(pod)
        return self._known[key]

    def _judge(self, pod: Pod) -> Verdict:
        violations = evaluate_pod(pod, self.level, self.version)
        if pod.spec.get("runtimeClassName") in self._exempt:
            violations = []
        return Verdict(strictest_level(pod, self.version), (*violations, *pod_violations(pod, self._rules)))


def _key(pod: Pod) -> str:
    """The same for pods that no check can tell apart: the volume of its token has another name in each pod."""
    harmless = RESTRICTED_VOLUMES | {"name"}
    volumes = [volume for volume in pod.spec.get("volumes") or () if not harmless.issuperset(volume)]
    annotations = {name: value for name, value in pod.annotations.items() if "seccomp" in name or "apparmor" in name}
    malformed = [fault.value for fault in pod.malformed]
    return json.dumps([{**pod.spec, "volumes": volumes}, annotations, malformed], sort_keys=True, default=str)
