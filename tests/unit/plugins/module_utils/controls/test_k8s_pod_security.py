# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of pod security: each bad pod fails its own control, and a good one none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_pod_security import (
    POD_SECURITY_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.facts import (
    namespace_facts,
    workload_facts,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing
from tests.unit.plugins.module_utils.k8s.pod_security.pod_cases import Case

_MAIN = "spec/containers/0"
READ_ONLY = {
    f"spec/{kind}/0/securityContext/readOnlyRootFilesystem": True
    for kind in ("containers", "initContainers", "ephemeralContainers")
}
LEVELS = {"pod_security_baseline", "pod_security_restricted"}
CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({f"{_MAIN}/securityContext/privileged": True}, {"privileged", "net_raw", *LEVELS}),
    ({"spec/hostPID": True}, {"host_pid", *LEVELS}),
    ({"spec/hostIPC": True}, {"host_ipc", *LEVELS}),
    ({"spec/hostNetwork": True, f"{_MAIN}/ports": [{"hostPort": 1}]}, {"host_network", *LEVELS}),
    ({f"{_MAIN}/ports": [{"hostPort": 1}]}, {"host_port", *LEVELS}),
    ({"spec/volumes": [{"name": "v", "hostPath": {"path": "/etc"}}]}, {"host_path", *LEVELS}),
    (
        {"spec/volumes": [{"name": "v", "hostPath": {"path": "/run/containerd/containerd.sock"}}]},
        {"host_path", "runtime_socket", *LEVELS},
    ),
    ({"spec/securityContext/windowsOptions": {"hostProcess": True}}, {"host_process", *LEVELS}),
    (
        {f"{_MAIN}/securityContext/capabilities/add": ["SYS_ADMIN"]},
        {"added_capabilities", *LEVELS},
    ),
    (
        {f"{_MAIN}/securityContext/capabilities": {"drop": ["NET_RAW"]}},
        {"keeps_capabilities", "pod_security_restricted"},
    ),
    (
        {f"{_MAIN}/securityContext/allowPrivilegeEscalation": True},
        {"privilege_escalation", "pod_security_restricted"},
    ),
    ({"spec/securityContext/runAsNonRoot": None}, {"root_user", "pod_security_restricted"}),
    ({"spec/securityContext/seccompProfile": None}, {"seccomp", "pod_security_restricted"}),
    ({f"{_MAIN}/securityContext/readOnlyRootFilesystem": False}, {"writable_root"}),
    ({f"{_MAIN}/livenessProbe": {"httpGet": {"host": "h"}}}, {"pod_security_later"}),
    ({"spec/hostUsers": False, "spec/securityContext/runAsNonRoot": None}, {"pod_security_restricted"}),
]


@pytest.mark.parametrize(("changes", "expected"), CASES, ids=lambda value: next(iter(value), "good"))
def test_a_workload_fails_the_controls_of_its_case(changes: dict[str, Any], expected: set[str]) -> None:
    pod = Case("x", {**READ_ONLY, **changes}).pod
    facts = workload_facts("Pod", {}, pod["spec"], pod["metadata"], version="1.33", later="latest")
    assert failing(POD_SECURITY_CONTROLS, "workload", facts) == expected


def test_a_component_of_the_control_plane_fails_what_it_could_satisfy_alone() -> None:
    host = {"hostNetwork": True, "volumes": [{"name": "v", "hostPath": {"path": "/etc/kubernetes/pki"}}]}
    container = {"name": "etcd", "securityContext": {"privileged": True}}
    facts = workload_facts("Pod", {}, {**host, "containers": [container]}, {}, version="1.33", later="latest")
    assert failing(POD_SECURITY_CONTROLS, "workload", {**facts, "control_plane": True}) == {"privileged", "seccomp"}


@pytest.mark.parametrize(
    ("labels", "version", "system", "expected"),
    [
        ({}, "1.30", False, {"pod_security_enforced"}),
        ({}, "1.30", True, set()),
        ({}, "1.20", False, set()),
        ({"enforce": "baseline"}, "1.30", False, set()),
        ({"enforce": "privileged"}, "1.30", False, {"pod_security_enforced"}),
        ({"enforce": "baseline", "audit": "all"}, "1.30", False, {"pod_security_labels"}),
    ],
)
def test_a_namespace_enforces_a_level_where_labels_count(
    labels: dict[str, str], version: str, system: bool, expected: set[str]
) -> None:
    namespace = {"metadata": {"labels": {f"pod-security.kubernetes.io/{key}": each for key, each in labels.items()}}}
    facts = {**namespace_facts(namespace, version), "system": system}
    assert failing(POD_SECURITY_CONTROLS, "namespace", facts) == expected


def test_every_control_fails_in_some_case() -> None:
    covered = {name for _changes, expected in CASES for name in expected}
    covered |= {"pod_security_enforced", "pod_security_labels"}
    assert covered == {control.id.rpartition(".")[2] for control in POD_SECURITY_CONTROLS}


def test_a_fact_that_could_not_be_read_is_no_pass() -> None:
    subject: dict[str, Any] = {"subject": {"kind": "Namespace", "name": "a"}, "system": False}
    subject |= {"pod_security_available": True, "unknown": {"pod_security_enforce": "403"}}
    found = evaluate({"subjects": {"namespace": [subject]}}, POD_SECURITY_CONTROLS, "t").findings
    assert "error" in {each["status"] for each in found if each["control"] == "k8s.namespace.pod_security_enforced"}
