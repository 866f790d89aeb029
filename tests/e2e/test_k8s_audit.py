# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_audit on a real API server: the whole cast, and nothing of a Secret but its metadata."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import run_module, run_playbook
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.cast import Member, set_stage, whole_cast

_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # With what was answered, so that a Secret's data would be in the log.
        {"level": "RequestResponse", "resources": [{"group": "", "resources": ["secrets"]}]},
        {"level": "Metadata"},
    ],
}
_DATA = "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ=="  # of the cast's Secrets, in base64


@pytest.fixture(scope="module")
def stage() -> Iterator[Kubernetes]:
    """A cluster with the whole cast on it."""
    with Kubernetes("ctl", audit_policy=_POLICY) as cluster:
        set_stage(cluster)
        cluster.processes.wait("the Pods of the cast", lambda: _all_pods_made(cluster), ())
        yield cluster


def _all_pods_made(cluster: Kubernetes) -> bool:
    deployments = json.loads(cluster.kubectl("get", "deployments", "-A", "-o=json"))["items"]
    return all(each["status"].get("replicas") == each["spec"]["replicas"] for each in deployments)


@pytest.fixture(scope="module")
def audited(stage: Kubernetes) -> dict[str, Any]:
    """The result of an audit of the stage, with its snapshot."""
    stage.kubectl("get", "namespace", "default", "--user-agent=before-the-audit", check=False)
    result = run_module("k8s_audit", {"kubeconfig": str(stage.kubeconfig), "target": "stage", "include_snapshot": True})
    assert "failed" not in result, result
    return result


def _events(cluster: Kubernetes) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    return [event for event in events if event.get("userAgent") == "bulkhead.container_security"]


@pytest.mark.parametrize(
    "member",
    [member for member in whole_cast() if member.prefix],
    ids=lambda member: f"{member.kind}-{member.namespace}-{member.name}",
)
def test_a_member_fails_the_controls_of_its_vice_and_no_other(audited: dict[str, Any], member: Member) -> None:
    found = {each["control"] for each in audited["findings"] if each["status"] == "fail" and member.is_subject_of(each)}
    assert found >= member.failing_controls
    assert member.more or found == member.failing_controls


def test_no_control_ends_in_an_error(audited: dict[str, Any]) -> None:
    assert [each for each in audited["findings"] if each["status"] == "error"] == []


def test_a_fresh_cluster_gives_no_finding_about_its_own_roles(audited: dict[str, Any]) -> None:
    about = [
        each for each in audited["findings"] if each["status"] == "fail" and each["control"].startswith("k8s.rbac")
    ]
    strangers = [each["subject"] for each in about if each["subject"]["name"].startswith("system:")]
    # The cast binds this group; all others that begin so are the cluster's own.
    assert {subject["name"] for subject in strangers} <= {"system:unauthenticated"}


def test_a_secrets_data_is_never_asked_for(audited: dict[str, Any], stage: Kubernetes) -> None:
    assert audited["snapshot"]["subjects"]["secret"]
    about = [event for event in _events(stage) if (event.get("objectRef") or {}).get("resource") == "secrets"]
    assert about, "the audit lists Secrets"
    assert {event["verb"] for event in about} == {"list"}
    assert {event["responseObject"]["kind"] for event in about} == {"Table"}
    assert _DATA not in json.dumps(about)
    assert _DATA not in json.dumps(audited)


def test_lists_are_paged_and_nothing_is_written(audited: dict[str, Any], stage: Kubernetes) -> None:
    events = _events(stage)
    assert events
    assert {event["verb"] for event in events} <= {"get", "list"}
    unpaged = [
        event["requestURI"] for event in events if event["verb"] == "list" and "limit=" not in event["requestURI"]
    ]
    assert unpaged == []


def test_a_stored_snapshot_gives_the_same_findings(audited: dict[str, Any], tmp_path: Path) -> None:
    stored = tmp_path / "snapshot.json"
    stored.write_text(json.dumps(audited["snapshot"]))
    again = run_module("k8s_audit", {"snapshot_path": str(stored), "target": "stage"})
    assert again["findings"] == audited["findings"]
    assert again["requests"] == 0


def test_what_may_not_be_read_is_an_error_and_the_rest_goes_on(stage: Kubernetes) -> None:
    rules = [{"apiGroups": [""], "resources": ["namespaces", "pods"], "verbs": ["get", "list"]}]
    api = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    subject = {"kind": "User", "name": "half-blind", "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": "half-blind", "apiGroup": "rbac.authorization.k8s.io"}
    metadata = {"metadata": {"name": "half-blind"}}
    binding = {"kind": "ClusterRoleBinding", **metadata, "roleRef": reference, "subjects": [subject]}
    stage.kubectl_apply([{**api, "kind": "ClusterRole", **metadata, "rules": rules}, {**api, **binding}])
    result = run_module("k8s_audit", {"kubeconfig": str(stage.user("half-blind")), "include_passes": True})
    status: dict[str, set[str]] = defaultdict(set)
    for finding in result["findings"]:
        status[finding["control"]].add(finding["status"])
    assert status["k8s.secret.unused"] == status["k8s.rbac.secrets_read"] == {"error"}
    assert "error" not in status["k8s.namespace.default_unused"]
    # Pods are judged, and that the Deployments were not read is said beside that.
    assert status["k8s.workload.host_network"] >= {"fail", "error"}
    (reason,) = {each["reason"] for each in result["findings"] if each["control"] == "k8s.secret.unused"}
    assert 'cannot list resource "secrets"' in reason


def test_the_namespaces_of_a_user_are_enough(stage: Kubernetes) -> None:
    viewer = stage.user("team-viewer")
    stage.kubectl("create", "rolebinding", "team-viewer", "--clusterrole=view", "--user=team-viewer", "-n", "cast-shop")
    options = {"kubeconfig": str(viewer), "namespaces": ["cast-shop"], "select": ["k8s.workload.*", "k8s.namespace.*"]}
    result = run_module("k8s_audit", {**options, "include_passes": True})
    judged = [each["subject"] for each in result["findings"] if each["status"] in ("pass", "fail")]
    assert {subject.get("namespace", "cast-shop") for subject in judged} == {"cast-shop"}
    assert {subject["name"] for subject in judged if subject["kind"] == "Namespace"} == {"cast-shop"}
    assert not [each["reason"] for each in result["findings"] if each["status"] == "error"]


def test_excluded_namespaces_are_left_out(stage: Kubernetes) -> None:
    options = {"kubeconfig": str(stage.kubeconfig), "exclude_namespaces": ["cast-*", "kube-*"]}
    result = run_module("k8s_audit", {**options, "include_passes": True})
    named = {each["subject"].get("namespace") or "" for each in result["findings"]}
    assert not {name for name in named if name.startswith(("cast-", "kube-"))}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context": "elsewhere"}, "there is no context 'elsewhere'"),
        ({"later_version": "soon"}, "is no version of the Pod Security Standards"),
        ({"expect_cluster": "00000000-0000-0000-0000-000000000000"}, "nothing was done"),
        ({"certificate_days": -1}, "certificate_days"),
        ({"namespaces": ["shopp"]}, "there is no namespace 'shopp'"),
        ({"select": ["k8s.nothing"]}, "names no control"),
        ({"allowed_registries": ["https://registry"]}, "is no registry"),
    ],
)
def test_unusable_options_are_one_sentence(stage: Kubernetes, options: dict[str, Any], message: str) -> None:
    result = run_module("k8s_audit", {"kubeconfig": str(stage.kubeconfig), **options})
    assert result["failed"]
    assert message in result["msg"]
    assert "\n" not in result["msg"]


def test_a_token_that_is_refused_ends_the_audit(stage: Kubernetes) -> None:
    options = {"host": stage.url, "ca_cert": str(stage.ca_file), "api_key": "expired"}
    result = run_module("k8s_audit", options)
    assert "the credentials are refused (401)" in result["msg"]
    assert 'expired"' not in json.dumps(result["msg"])


def test_the_identity_of_a_pod_is_not_taken_by_itself(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "KUBECONFIG": "", "KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    result = run_module("k8s_audit", {}, env={**environment, "KUBERNETES_SERVICE_PORT": "443"})
    assert "No cluster is named" in result["msg"]


def test_the_playbook_reports_on_clusters_alone(stage: Kubernetes, tmp_path: Path) -> None:
    clusters = {"stage": {"audit_k8s_kubeconfig": str(stage.kubeconfig), "audit_k8s_select": ["k8s.secret.*"]}}
    result = run_playbook(
        "audit.yml",
        inventory={"k8s_clusters": {"hosts": clusters}},
        extra_vars={"audit_output_dir": str(tmp_path), "audit_fail_on_error": False},
    ).check()
    report = json.loads((tmp_path / "audit-report.json").read_text())
    assert [(target["name"], target["audited"]) for target in report["targets"]] == [("stage", True)]
    assert {finding["control"] for finding in report["findings"]} >= {"k8s.secret.unused"}
    assert result.changed in ([], ["Report"])
