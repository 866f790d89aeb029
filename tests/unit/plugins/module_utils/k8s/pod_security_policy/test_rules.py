# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CEL of a PodSecurityPolicy says of a pod what the policy says, once the policy's defaults are in the pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.admission import (
    refusals,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.cel import (
    ALL_CONTAINERS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    with_defaults,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.rules import rules
from tests.e2e.psp_cases import PSP_CASES, PspCase
from tests.unit.plugins.module_utils.k8s.pod_security_policy.cel_pod import holds

# Profiles in annotations mean nothing to the clusters that have these rules.
_PODS = [
    (case, says)
    for case in PSP_CASES
    for says in (*case.allowed, *case.refused)
    if "seccomp" not in str(says.get("annotations"))
]


def refusing(policy: Mapping[str, Any], pod: Mapping[str, Any]) -> set[str]:
    """The fields whose rule does not hold."""
    return {rule.field for rule in rules(policy) if not holds(rule.expression, pod, {"containers": ALL_CONTAINERS})}


def _profiled(case: PspCase, pod: dict[str, Any]) -> dict[str, Any]:
    """The profile that the policy would have given, in the field that took the place of the annotation."""
    if case.name == "seccomp-default":
        pod["spec"]["securityContext"].setdefault("seccompProfile", {"type": "RuntimeDefault"})
    return pod


@pytest.mark.parametrize(("case", "says"), _PODS)
def test_the_rules_refuse_what_the_policy_refuses(case: PspCase, says: Mapping[str, Any]) -> None:
    pod = case.pod(says)
    expected = set(refusals(case.policy, pod))
    if case.name == "seccomp-none":
        expected.discard("seccomp")
    assert refusing(case.policy, _profiled(case, with_defaults(case.policy, pod))) == expected
