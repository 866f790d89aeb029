# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CEL of the standards says of every pod what the evaluator says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.policies import policies
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    BASELINE,
    RESTRICTED,
    SE_LINUX_TYPES,
    controls_at,
)
from tests.unit.plugins.module_utils.k8s.pod_security.admission import refusals
from tests.unit.plugins.module_utils.k8s.pod_security.pod_cases import CASES, Case
from tests.unit.plugins.module_utils.k8s.pod_security.pod_strategies import ANNOTATIONS, SPECS

# Each at which something changes, and one before.
VERSIONS = ("1.7", "1.18", "1.22", "1.25", "1.31", "1.34", "latest")


def stored(thing: Any) -> Any:
    """As the API server hands it to policies: nothing is null, and a volume without a source is an emptyDir."""
    if isinstance(thing, list):
        return [stored(item) for item in thing]
    if not isinstance(thing, Mapping):
        return thing
    found = {key: stored(value) for key, value in thing.items() if value is not None}
    if "volumes" in found:
        found["volumes"] = [{**each, "emptyDir": {}} if set(each) == {"name"} else each for each in found["volumes"]]
    return found


def by_cel(level: str, version: str, pod: Mapping[str, Any], kind: str = "Pod") -> set[str]:
    policy = policies({"level": level, "level_version": version}, Version(1, 30, "v1.30.0"))[0]
    thing = {**pod, "kind": "Pod"} if kind == "Pod" else {"kind": kind, "metadata": {}, "spec": {"template": pod}}
    return {message.partition(":")[0] for message in refusals(policy, thing) or ()}


def by_evaluator(level: str, version: str, pod: Mapping[str, Any]) -> set[str]:
    return {each.control for each in evaluate(pod["metadata"], pod["spec"], level, version)}


@settings(deadline=None, max_examples=150)
@given(
    spec=SPECS,
    annotations=ANNOTATIONS,
    level=st.sampled_from([BASELINE, RESTRICTED]),
    version=st.sampled_from(VERSIONS),
    kind=st.sampled_from(["Pod", "Deployment"]),
)
def test_cel_and_evaluator_agree_on_any_pod(
    spec: dict[str, Any], annotations: dict[str, str], level: str, version: str, kind: str
) -> None:
    pod = stored({"metadata": {"name": "p", "annotations": annotations}, "spec": spec})
    assert by_cel(level, version, pod, kind) == by_evaluator(level, version, pod)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cel_and_evaluator_agree_on_every_case(case: Case) -> None:
    pod = stored(case.pod)
    # Annotations of seccomp count before 1.19 alone.
    version = "1.18" if "seccomp" in str(pod["metadata"]["annotations"]) else "latest"
    assert by_cel(RESTRICTED, version, pod) == by_evaluator(RESTRICTED, version, pod)


def test_every_control_of_the_level_is_there() -> None:
    policy = policies({"level": RESTRICTED}, Version(1, 30, "v1.30.0"))[0]
    found = {each["message"].partition(":")[0] for each in policy["spec"]["validations"]}
    assert found == {control.id for control, _form in controls_at(RESTRICTED, 37)}


def test_the_version_counts() -> None:
    old, new = (
        str(policies({"level": BASELINE, "level_version": version}, Version(1, 30, "v1.30.0"))[0])
        for version in ("1.30", "1.31")
    )
    assert all(name in old for name in SE_LINUX_TYPES)
    assert ("container_engine_t" in old, "container_engine_t" in new) == (False, True)
