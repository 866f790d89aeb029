# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicy admission by our model. The end-to-end tests put the same cases to a real API server."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.admission import (
    admit,
    refusals,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    SPEC_FIELDS,
)
from tests.e2e.psp_cases import LABEL, PLAIN, PSP_CASES, PspCase, podwide, secured

_ALLOWED = [(case, says) for case in PSP_CASES for says in case.allowed]
_REFUSED = [(case, says) for case in PSP_CASES for says in case.refused]
_CASES = {case.name: case for case in PSP_CASES}


@pytest.mark.parametrize(("case", "says"), _ALLOWED)
def test_a_field_lets_in_what_it_allows(case: PspCase, says: Mapping[str, Any]) -> None:
    assert refusals(case.policy, case.pod(says)) == ()


@pytest.mark.parametrize(("case", "says"), _REFUSED)
def test_a_refusal_names_the_field_that_refuses(case: PspCase, says: Mapping[str, Any]) -> None:
    assert refusals(case.policy, case.pod(says)) == (case.refused_by,)


def test_every_field_of_a_policy_has_a_case() -> None:
    exercised = {field for case in PSP_CASES for field in (*case.spec, case.refused_by)}
    assert exercised >= SPEC_FIELDS


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("user-ranges", ("containers", 0, "securityContext", "runAsUser"), 1000),
        ("user-not-root", ("containers", 0, "securityContext", "runAsNonRoot"), True),
        ("group-ranges", ("containers", 0, "securityContext", "runAsGroup"), 1000),
        ("supplemental-ranges", ("securityContext", "supplementalGroups"), [1000]),
        ("fs-group-ranges", ("securityContext", "fsGroup"), 1000),
        ("read-only-root", ("containers", 0, "securityContext", "readOnlyRootFilesystem"), True),
        ("se-linux", ("securityContext", "seLinuxOptions"), LABEL),
        ("escalation", ("containers", 0, "securityContext", "allowPrivilegeEscalation"), False),
        ("escalation-default", ("containers", 0, "securityContext", "allowPrivilegeEscalation"), False),
        ("runtime-class-default", ("runtimeClassName",), "gvisor"),
        ("capabilities", ("containers", 0, "securityContext", "capabilities", "add"), ["FOWNER"]),
        ("capabilities-drop", ("containers", 0, "securityContext", "capabilities", "drop"), ["ALL"]),
    ],
)
def test_a_silent_pod_gets_what_the_policy_sets(name: str, path: tuple[Any, ...], value: object) -> None:
    found: Any = admit([_CASES[name].policy], _CASES[name].pod(PLAIN)).pod["spec"]
    for step in path:
        found = found[step]
    assert found == value


def test_the_pod_that_is_judged_stays_as_it_was() -> None:
    case = _CASES["user-ranges"]
    pod = case.pod(PLAIN)
    before = copy.deepcopy(pod)
    admit([case.policy], pod)
    assert pod == before


def test_a_policy_that_need_not_change_the_pod_is_preferred_to_an_earlier_one_that_must() -> None:
    changing, leaving = _CASES["escalation"], _CASES["privileged"]
    verdict = admit([leaving.policy, changing.policy], changing.pod(PLAIN))
    assert (changing.name < leaving.name, verdict.policy) == (True, leaving.name)


def test_of_policies_that_must_change_the_pod_the_first_by_name_does() -> None:
    policies = [_CASES[name].policy for name in ("user-ranges", "escalation")]
    assert admit(policies, _CASES["escalation"].pod(PLAIN)).policy == "escalation"


def test_a_pod_that_no_policy_lets_in_is_refused_with_the_fields_of_each() -> None:
    case = _CASES["privileged"]
    verdict = admit(
        [case.policy, _CASES["host-pid"].policy], case.pod({**secured(privileged=True), "pod": {"hostPID": True}})
    )
    assert verdict.policy == ""
    assert verdict.refused == {"privileged": ("hostPID", "privileged"), "host-pid": ("hostPID", "privileged")}


@pytest.mark.parametrize("kind", ["initContainers", "ephemeralContainers"])
def test_every_kind_of_container_is_judged(kind: str) -> None:
    case = _CASES["privileged"]
    pod = case.pod(PLAIN)
    pod["spec"][kind] = [{"name": "more", "securityContext": {"privileged": True}}]
    assert refusals(case.policy, pod) == ("privileged",)


def test_a_container_has_the_last_word_over_its_pod() -> None:
    case = _CASES["user-ranges"]
    assert refusals(case.policy, case.pod({**podwide(runAsUser=0), **secured(runAsUser=1000)})) == ()
    assert refusals(case.policy, case.pod({**podwide(runAsUser=1000), **secured(runAsUser=0)})) == ("runAsUser",)


def test_a_volume_of_a_type_that_no_policy_knows_is_refused() -> None:
    case = _CASES["volumes"]
    pod = case.pod({"pod": {"volumes": [{"name": "v", "image": {"reference": "r"}}]}})
    assert refusals({**case.policy, "spec": {**case.policy["spec"], "volumes": ["*"]}}, pod) == ("volumes",)
