# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the policy and the pod: where the policy and what takes its place disagree, a difference says so."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.admission import (
    refusals,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.cel import (
    ALL_CONTAINERS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    LEVELS,
    pod_security_policy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.translation import (
    translate,
)
from tests.e2e.psp_cases import PSP_CASES, secured
from tests.unit.plugins.module_utils.k8s.pod_security_policy.cel_pod import holds

# The field of a policy that is about the same thing as a control of the standards.
_FIELD = {
    "allowPrivilegeEscalation": {"allowPrivilegeEscalation"},
    "appArmorProfile": {"apparmor"},
    "capabilities_baseline": {"allowedCapabilities"},
    "capabilities_restricted": {"allowedCapabilities", "requiredDropCapabilities"},
    "hostNamespaces": {"hostNetwork", "hostPID", "hostIPC"},
    "hostPathVolumes": {"volumes"},
    "hostPorts": {"hostPorts"},
    "hostProbesAndHostLifecycle": {"probeHost"},
    "privileged": {"privileged"},
    "procMount": {"allowedProcMountTypes"},
    "procMount_restricted": {"allowedProcMountTypes"},
    "restrictedVolumes": {"volumes"},
    "runAsNonRoot": {"runAsUser"},
    "runAsUser": {"runAsUser"},
    "seLinuxOptions": {"seLinux"},
    "seccompProfile_baseline": {"seccomp"},
    "seccompProfile_restricted": {"seccomp"},
    "sysctls": {"allowedUnsafeSysctls"},
    "windowsHostProcess": {"windowsOptions"},
}
_MEETS_RESTRICTED = secured(
    allowPrivilegeEscalation=False,
    runAsNonRoot=True,
    capabilities={"drop": ["ALL"]},
    seccompProfile={"type": "RuntimeDefault"},
)
_SAYINGS = [
    *(says for case in PSP_CASES for says in (*case.allowed, *case.refused)),
    _MEETS_RESTRICTED,
    secured(windowsOptions={"hostProcess": True}),
    secured(readOnlyRootFilesystem=True, runAsUser=1000, runAsGroup=1000),
    {"pod": {"hostUsers": False}},
    {"container": {"livenessProbe": {"httpGet": {"host": "example.com", "port": 80}}}},
]


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both, and what the second says where they contradict each other."""
    found = copy.deepcopy(dict(first))
    for key, value in second.items():
        both = isinstance(found.get(key), Mapping) and isinstance(value, Mapping)
        found[key] = _merged(found[key], value) if both else copy.deepcopy(value)
    return found


@st.composite
def _pods(draw: st.DrawFn) -> dict[str, Any]:
    base: dict[str, Any] = draw(st.sampled_from([{}, _MEETS_RESTRICTED]))
    for says in draw(st.lists(st.sampled_from(_SAYINGS), max_size=3)):
        base = _merged(base, says)
    return PSP_CASES[0].pod(base)


@st.composite
def _policies(draw: st.DrawFn) -> dict[str, Any]:
    policy = pod_security_policy("p", draw(st.sampled_from(LEVELS)))
    for case in draw(st.lists(st.sampled_from(PSP_CASES), max_size=3)):
        policy["spec"] |= copy.deepcopy(dict(case.spec))
        policy["metadata"]["annotations"] |= case.annotations
    policy["metadata"]["annotations"] = {
        key: value for key, value in policy["metadata"]["annotations"].items() if value
    }
    return policy


def _disagreements(policies: list[dict[str, Any]], pod: dict[str, Any]) -> list[tuple[set[str], str]]:
    """(fields, way) of each disagreement: what the result refuses though a policy admits it, or the other way round."""
    found = translate(policies)
    controls = [one.control for one in evaluate(pod["metadata"], pod["spec"], found.level, "latest")]
    variables = {"containers": ALL_CONTAINERS}
    rules = [rule.field for rule in found.rules if not holds(rule.expression, pod, variables)]
    refused = [refusals(policy, pod) for policy in policies]
    if not all(refused):
        return [(fields, "refused") for fields in (*(_FIELD[one] for one in controls), *({field} for field in rules))]
    return [] if controls or rules else [({field}, "let in") for fields in refused for field in fields]


def _announced(policies: list[dict[str, Any]]) -> set[tuple[str, str]]:
    ways = {"stricter": "refused", "mutation": "refused", "looser": "let in"}
    lost = translate(policies).differences.values()
    return {(one.field, ways[one.effect]) for several in lost for one in several}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=_policies(), pod=_pods())
def test_every_disagreement_is_announced(policy: dict[str, Any], pod: dict[str, Any]) -> None:
    announced = _announced([policy])
    for fields, way in _disagreements([policy], pod):
        assert announced & {(field, way) for field in fields}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policies=st.tuples(_policies(), _policies()), pod=_pods())
def test_every_disagreement_with_several_policies_is_announced(
    policies: tuple[dict[str, Any], dict[str, Any]], pod: dict[str, Any]
) -> None:
    both = list(policies)
    both[1]["metadata"]["name"] = "q"
    announced = _announced(both)
    for fields, way in _disagreements(both, pod):
        assert announced & {(field, way) for field in fields}
