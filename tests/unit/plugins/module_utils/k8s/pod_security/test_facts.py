# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of workloads and namespaces."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.facts import (
    namespace_facts,
    workload_facts,
)
from tests.unit.plugins.module_utils.k8s.pod_security.pod_cases import GOOD, Case


def facts(spec: Any, metadata: Any = None, *, version: str = "v1.30.1", later: str = "latest") -> dict[str, Any]:
    return workload_facts("Deployment", {"name": "web"}, spec, metadata or {}, version=version, later=later)


def of_case(**changes: Any) -> dict[str, Any]:
    return facts(Case("x", {path.replace("__", "/"): value for path, value in changes.items()}).pod["spec"])


PLAIN = {"containers": [{"name": "a", "image": "x"}]}
BLAMELESS = {
    "pod_security_level": "restricted",
    "baseline_violations": [],
    "restricted_violations": [],
    "privileged": [],
    "privilege_escalation": [],
    "may_be_root": [],
    "net_raw": [],
    "keeps_capabilities": [],
    "added_capabilities": [],
    "seccomp_missing": [],
    "host_process": [],
    "host_ports": [],
    "host_paths": [],
    "runtime_sockets": [],
    "host_pid": False,
    "host_ipc": False,
    "host_network": False,
}


def test_a_good_pod_has_nothing_to_its_name() -> None:
    found = facts(GOOD["spec"])
    assert {name: found[name] for name in BLAMELESS} == BLAMELESS
    assert found["writable_root"] == ["first", "main", "debug"]


def test_a_plain_pod_lacks_what_has_to_be_asked_for() -> None:
    found = facts(PLAIN)
    lists = ("privilege_escalation", "may_be_root", "net_raw", "keeps_capabilities", "seccomp_missing", "writable_root")
    assert {name: found[name] for name in lists} == {name: ["a"] for name in lists}
    assert found["pod_security_level"] == "baseline"
    assert "runAsNonRoot" in found["restricted_violations"]


def test_levels_differ_between_versions() -> None:
    probe = {
        **GOOD["spec"],
        "containers": [{**GOOD["spec"]["containers"][0], "livenessProbe": {"httpGet": {"host": "h"}}}],
    }
    found = facts(probe, version="1.33", later="1.34")
    assert (found["pod_security_level"], found["pod_security_later_level"]) == ("restricted", "privileged")
    assert found["pod_security_later_violations"] == ["hostProbesAndHostLifecycle"]
    assert facts(probe, version="1.34", later="1.37")["pod_security_later_violations"] == []


@pytest.mark.parametrize(
    ("fact", "changes", "value"),
    [
        ("privileged", {"spec__containers__0__securityContext__privileged": True}, ["main"]),
        ("added_capabilities", {"spec__containers__0__securityContext__capabilities__add": ["CHOWN"]}, ["main: CHOWN"]),
        ("added_capabilities", {"spec__containers__0__securityContext__capabilities__add": ["NET_BIND_SERVICE"]}, []),
        ("net_raw", {"spec__containers__0__securityContext__capabilities": {"drop": ["NET_RAW"]}}, []),
        ("net_raw", {"spec__containers__0__securityContext__capabilities__add": ["NET_RAW"]}, ["main"]),
        ("net_raw", {"spec__containers__0__securityContext__privileged": True}, ["main"]),
        ("keeps_capabilities", {"spec__containers__0__securityContext__capabilities": {"drop": ["NET_RAW"]}}, ["main"]),
        ("may_be_root", {"spec__securityContext": {"runAsUser": 5}}, []),
        ("may_be_root", {"spec__securityContext": {"runAsUser": 0}}, ["first", "main", "debug"]),
        (
            "host_ports",
            {"spec__containers__0__ports": [{"hostPort": 80}, {"hostPort": 22}, {"hostPort": 80}]},
            [22, 80],
        ),
        ("host_process", {"spec__securityContext__windowsOptions": {"hostProcess": True}}, ["pod"]),
        ("host_pid", {"spec__hostPID": True}, True),
        ("user_namespace", {"spec__hostUsers": False}, True),
        ("seccomp_missing", {"spec__containers__0__securityContext__seccompProfile": {"type": "Unconfined"}}, ["main"]),
    ],
)
def test_a_fact(fact: str, changes: dict[str, Any], value: Any) -> None:
    assert of_case(**changes)[fact] == value


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/var/run/docker.sock", True),
        ("/run/containerd/containerd.sock", True),
        ("/var/run/", True),
        ("/", True),
        ("/var/log", False),
        ("/var/run/secrets", False),
    ],
)
def test_a_path_to_the_runtime_is_told(path: str, found: bool) -> None:
    spec = {**PLAIN, "volumes": [{"name": "v", "hostPath": {"path": path}}]}
    assert (facts(spec)["host_paths"], facts(spec)["runtime_sockets"]) == ([path], [path] if found else [])


def test_windows_has_nothing_of_linux() -> None:
    found = facts({**PLAIN, "os": {"name": "windows"}})
    assert found["windows"]
    assert found["seccomp_missing"] == found["may_be_root"] == found["writable_root"] == []


def test_a_profile_by_annotation_counts_as_one() -> None:
    annotation = {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}}
    assert facts(PLAIN, annotation)["seccomp_missing"] == []


def test_a_pod_that_is_none_has_facts() -> None:
    assert facts("nonsense")["baseline_violations"] == ["malformed"]


@pytest.mark.parametrize(("version", "available"), [("1.22", False), ("v1.23.0", True)])
def test_facts_of_a_namespace(version: str, available: bool) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/audit": "all"}
    found = namespace_facts({"metadata": {"name": "a", "labels": labels}}, version)
    assert found.pop("pod_security_label_faults") == [
        "pod-security.kubernetes.io/audit: 'all' is none of privileged, baseline, restricted"
    ]
    assert found == {
        "pod_security_available": available,
        "pod_security_enforce": "baseline",
        "pod_security_enforce_version": "latest",
        "pod_security_audit": "privileged",
        "pod_security_warn": "baseline",
    }
