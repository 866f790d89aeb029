# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evaluator against cases of its own, against pods that are none, and against fixtures of a user's choice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import (
    MALFORMED,
    evaluate,
    strictest_level,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import read_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import CONTROLS
from tests.unit.plugins.module_utils.k8s.pod_security.pod_cases import CASES, GOOD, MINORS, Case

# A folder of pods, a file each, in LEVEL/vVERSION/pass and LEVEL/vVERSION/fail.
_FIXTURES = os.environ.get("BULKHEAD_POD_SECURITY_FIXTURES")
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


def controls(pod: dict[str, Any], level: str, minor: int) -> set[str]:
    return {each.control for each in evaluate(pod["metadata"], pod["spec"], level, f"1.{minor}")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pod_fails_the_controls_of_its_case_and_no_others(case: Case) -> None:
    pod = case.pod
    for level, expected in (("baseline", case.baseline), ("restricted", case.restricted)):
        for minor in MINORS:
            wanted = {control for control, minors in expected.items() if minor in minors}
            assert controls(pod, level, minor) == wanted, f"{level} 1.{minor}"
            assert controls(pod, "privileged", minor) == set()


def test_there_is_a_case_for_every_control() -> None:
    covered = {control for case in CASES for control in (*case.baseline, *case.restricted)}
    assert covered == {control.id for control in CONTROLS}


def test_a_violation_says_who_and_where() -> None:
    spec = {"containers": [{"name": "a"}, {"name": "b", "securityContext": {"privileged": True}}]}
    (violation,) = evaluate({}, spec, "baseline", "v1.25")
    assert (violation.control, violation.level) == ("privileged", "baseline")
    assert violation.containers == ("b",)
    assert violation.fields == ("spec.containers[1].securityContext.privileged",)
    assert violation.message == 'container "b": securityContext.privileged must be false'


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (None, "spec"),
        ([], "spec"),
        ({"containers": {"name": "a"}}, "spec.containers"),
        ({"containers": ["a"]}, "spec.containers[0]"),
        (
            {"containers": [{"securityContext": {"privileged": "true"}}]},
            "spec.containers[0].securityContext.privileged",
        ),
        ({"hostNetwork": 1}, "spec.hostNetwork"),
        ({"securityContext": {"runAsUser": "0"}}, "spec.securityContext.runAsUser"),
        ({"securityContext": {"sysctls": [{"name": 5}]}}, "spec.securityContext.sysctls[0].name"),
        ({"volumes": "none"}, "spec.volumes"),
    ],
)
def test_what_the_api_server_would_not_decode_is_named(spec: Any, field: str) -> None:
    found = {each.control: each for each in evaluate({}, spec, "baseline", "1.30")}
    assert field in found[MALFORMED].fields
    assert evaluate({}, spec, "privileged", "1.30") == []


def test_null_is_unset() -> None:
    spec = {"containers": [{"name": "a", "securityContext": None, "ports": None}], "volumes": None, "os": None}
    assert evaluate(None, spec, "baseline", "1.30") == []


@settings(deadline=None)
@given(spec=_ANYTHING, metadata=_ANYTHING)
def test_there_is_an_answer_for_anything(spec: Any, metadata: Any) -> None:
    assert isinstance(evaluate(metadata, spec, "restricted", "latest"), list)


@settings(deadline=None)
@given(
    field=st.sampled_from(["containers", "initContainers", "volumes", "securityContext", "os", "hostPID"]),
    value=_ANYTHING,
    inner=st.sampled_from(["securityContext", "ports", "livenessProbe", "lifecycle", "name"]),
)
def test_there_is_an_answer_for_any_field(field: str, value: Any, inner: str) -> None:
    for spec in ({**GOOD["spec"], field: value}, {"containers": [{inner: value}, value]}):
        for minor in (0, 18, 24, 37):
            assert isinstance(evaluate({"annotations": value}, spec, "restricted", f"1.{minor}"), list)


@settings(deadline=None)
@given(st.sampled_from(CASES), st.sampled_from(MINORS))
def test_a_pod_of_restricted_is_one_of_baseline(case: Case, minor: int) -> None:
    # The exceptions are Windows pods: restricted spares them what baseline asks of any pod.
    if (case.pod["spec"].get("os") or {}).get("name") != "windows" and not controls(case.pod, "restricted", minor):
        assert not controls(case.pod, "baseline", minor)


def test_the_strictest_level() -> None:
    levels = [{"containers": [{"name": "a"}]}, {"containers": [], "hostPID": True}, GOOD["spec"]]
    found = [strictest_level(read_pod({}, spec), "1.30") for spec in levels]
    assert found == ["baseline", "privileged", "restricted"]


@pytest.mark.parametrize(("level", "version"), [("strict", "1.30"), ("baseline", "2.0"), ("privileged", "1.x")])
def test_a_level_or_version_that_does_not_exist_is_refused(level: str, version: str) -> None:
    with pytest.raises(K8sError, match="is no"):
        evaluate({}, {}, level, version)


def _fixtures() -> list[Path]:
    """Pods as upstream keeps them, level/version/pass|fail, where the variable names such a folder."""
    return sorted(Path(_FIXTURES).glob("*/v1.*")) if _FIXTURES else []


# Without the variable there is nothing to collect: the cases above are ours, and always run.
if _FIXTURES:

    @pytest.mark.parametrize("folder", _fixtures(), ids=lambda folder: "/".join(folder.parts[-2:]))
    def test_fixtures_of_a_folder(folder: Path) -> None:
        level, version = folder.parts[-2:]
        files = [*folder.glob("pass/*.yaml"), *folder.glob("fail/*.yaml")]
        pods = {
            file: yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) for file in files
        }
        wrong = [
            file
            for file, pod in pods.items()
            if bool(evaluate(pod.get("metadata"), pod["spec"], level, version)) is not (file.parent.name == "fail")
        ]
        assert files
        assert not wrong
