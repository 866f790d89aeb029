# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions and notifications of the response runner on a real API server: with exactly the rights that they declare."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.actions.isolation_policy import LABEL
from bulkhead_response.alert import Alert
from bulkhead_response.errors import Unreachable
from bulkhead_response.outcome import Outcome
from bulkhead_response.permissions import needed
from tests.e2e.response_scene import DRIFTED, SECRET, Grant, Scene, act, act_all, make_scene, settings, single_grants
from tests.lab.ansible import run_module
from tests.lab.images import BASE
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.rest import Rest
from tests.unit.roles.response_engine.answering import an_alert

_EVERY_OWNER = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
_SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController")
_NO_UID = "00000000-0000-4000-8000-000000000000"
_EVIDENCE = {"folder": "FOLDER", "min_free_mb": 0}
_STEPS: list[tuple[str, dict[str, Any], Sequence[str]]] = [
    ("delete_pod", {}, ("",)),
    ("delete_pod", {"min_healthy_replicas": 1}, _EVERY_OWNER),
    ("delete_pod", {"spare_owner_kinds": ["CronJob"]}, _EVERY_OWNER),
    ("isolate_pod", {}, ("", DRIFTED)),
    ("isolate_pod", {"detach": True}, (*_EVERY_OWNER, DRIFTED)),
    ("label_pod", {"labels": {"seen": "yes"}}, ("",)),
    ("cordon_node", {}, ("",)),
    ("cordon_node", {"min_schedulable_nodes": 0}, ("",)),
    ("taint_node", {}, ("",)),
    ("scale_to_zero", {}, (*_SCALABLE, "DaemonSet", "Job")),
    ("scale_to_zero", {"annotate": True}, (*_SCALABLE, "DaemonSet", "Job")),
    ("capture_evidence", _EVIDENCE, _EVERY_OWNER),
    ("disable_service_account", {}, ("",)),
    ("disable_service_account", {"delete_tokens": False}, ("",)),
    ("k8s_event", {}, ("",)),
]


@pytest.fixture
def rest(k8s_api: Kubernetes) -> Iterator[Rest]:
    """As the administrator, who is no part of what is tested."""
    with k8s_api.rest() as client:
        yield client


def _placed(params: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {key: str(folder) if value == "FOLDER" else value for key, value in params.items()}


def _hindered(outcome: Outcome, folder: Path) -> str:
    """What was forbidden; empty where nothing was. Evidence without a part says so in its manifest."""
    texts = [outcome.message]
    if "manifest_sha256" in outcome.details:
        manifest = json.loads(Path(outcome.details["path"], "manifest.json").read_text())
        texts += [part["reason"] for part in manifest["parts"]]
    return "\n".join(text for text in texts if "403 Forbidden" in text)


def _act_with(
    scene: Scene, name: str, params: dict[str, Any], grants: Sequence[Grant], folder: Path
) -> tuple[Outcome, str]:
    given = settings(scene.user(grants), folder / "credentials")
    # A pod whose uid is known is deleted without a look; the right to look is for those known by a container.
    alert = scene.alert if params or name != "delete_pod" else _by_container(scene)
    outcome = act(name, _placed(params, folder / "evidence"), alert, given)
    return outcome, _hindered(outcome, folder)


def _by_container(scene: Scene) -> Alert:
    """The alert as Falco gives it where it does not know the uid of the pod."""
    (pod,) = (pod for pod in scene.list("pods") if pod["metadata"]["name"] == scene.alert.target.pod)
    container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    return replace(scene.alert, target=replace(scene.alert.target, pod_uid="", container_id=container[:12]))


@pytest.mark.parametrize(("name", "params", "owners"), _STEPS, ids=[f"{row[0]}-{'-'.join(row[1])}" for row in _STEPS])
def test_a_step_needs_what_it_declares_and_no_less(
    k8s_api: Kubernetes, rest: Rest, tmp_path: Path, name: str, params: dict[str, Any], owners: Sequence[str]
) -> None:
    """It works with all of its rights whoever owns the pod; without any one of them, for some owner, it does not."""
    grants = single_grants(needed(name, params))
    for owner in owners:
        make_scene(k8s_api, rest)  # another node that takes pods
        scene = make_scene(k8s_api, rest, owner)
        outcome, hindered = _act_with(scene, name, params, grants, _folder(tmp_path, f"all-{owner}"))
        refused = owner in ("DaemonSet", "Job") and name == "scale_to_zero"
        assert (outcome.status, hindered) == ("refused" if refused else "done", ""), outcome
    idle = []
    for number, grant in enumerate(grants):
        rest_of_them = [other for other in grants if other != grant]
        for owner in owners:
            folder = _folder(tmp_path, f"{number}-{owner}")
            _outcome, hindered = _act_with(make_scene(k8s_api, rest, owner), name, params, rest_of_them, folder)
            if hindered:
                assert f'cannot {grant[3]} resource \\"{grant[2]}\\"'.replace("\\", "") in hindered
                break
        else:
            idle.append(grant)
    assert not idle


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def test_a_dry_run_changes_nothing(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    """Seen by the version of every object, with an administrator's rights."""
    make_scene(k8s_api, rest)
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    before = scene.versions()
    for name, params, _owners in _STEPS:
        outcome = act(name, _placed(params, tmp_path / "evidence"), scene.alert, given, dry_run=True)
        assert outcome.status == "would_do", (name, outcome)
    assert scene.versions() == before
    assert not (tmp_path / "evidence").exists()


def test_each_step_says_so_when_it_is_done_already(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    """What a delivery that was cut off between act and record leads to."""
    make_scene(k8s_api, rest)
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    steps = [(name, _placed(params, tmp_path / "evidence")) for name, params, _owners in _STEPS if name != "delete_pod"]
    for name, params in [*steps, ("delete_pod", {"grace_period_seconds": 0})]:
        act(name, params, scene.alert, given)
        versions = scene.versions()
        assert act(name, params, scene.alert, given).status == "already_done", name
        assert scene.versions() == versions


def test_another_pod_of_that_name_stays(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    scene = make_scene(k8s_api, rest, "StatefulSet")
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    stale = an_alert(namespace=scene.namespace, pod="web-1", pod_uid=_NO_UID, node=scene.node)
    before = scene.versions()
    for name in ("delete_pod", "isolate_pod"):
        outcome = act(name, {}, stale, given)
        assert outcome.status == "already_done"
        assert "another has its name" in outcome.message
    assert act("label_pod", {"labels": {"a": "b"}}, stale, given).status == "failed"
    assert scene.versions() == before


def test_the_api_server_itself_refuses_a_patch_of_another_pod(k8s_api: Kubernetes, rest: Rest) -> None:
    """The uid in a patch is a precondition: what comes into being between our look and our act is safe."""
    scene = make_scene(k8s_api, rest)
    path = f"/api/v1/namespaces/{scene.namespace}/pods/web-1"
    patch = {"metadata": {"uid": _NO_UID, "labels": {"a": "b"}}}
    status, _answer = rest.send("PATCH", path, patch, "application/merge-patch+json")
    assert status in (409, 422)


def test_a_container_id_of_twelve_digits_is_enough(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    by_name = {pod["metadata"]["name"]: pod for pod in scene.list("pods")}
    ids = {name: pod["status"]["containerStatuses"][0]["containerID"][9:21] for name, pod in by_name.items()}
    alert = an_alert(namespace=scene.namespace, pod="web-1", pod_uid="", container_id=ids["web-2"], node=scene.node)
    assert act("delete_pod", {"grace_period_seconds": 0}, alert, given).status == "already_done"
    assert len(scene.list("pods")) == 2
    alert = an_alert(namespace=scene.namespace, pod="web-1", pod_uid="", container_id=ids["web-1"], node=scene.node)
    assert act("delete_pod", {"grace_period_seconds": 0}, alert, given).status == "done"
    assert [pod["metadata"]["name"] for pod in scene.list("pods")] == ["web-2"]


def test_taints_from_everywhere_stay(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    """Several at once, and those of others: each write is of a list that was just read."""
    make_scene(k8s_api, rest)
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    foreign = [{"key": "example.com/gpu", "value": "yes", "effect": "PreferNoSchedule"}]
    rest.send("PATCH", f"/api/v1/nodes/{scene.node}", {"spec": {"taints": foreign}}, "application/merge-patch+json")
    params = [{"key": f"bulkhead.io/t{n}", "effect": "PreferNoSchedule", "min_schedulable_nodes": 0} for n in range(4)]
    outcomes = act_all([("taint_node", each, scene.alert) for each in params], given)
    assert {outcome.status for outcome in outcomes} == {"done"}
    node = next(each for each in scene.list("/api/v1/nodes") if each["metadata"]["name"] == scene.node)
    assert {taint["key"] for taint in node["spec"]["taints"]} == {"example.com/gpu", *(each["key"] for each in params)}


def test_the_last_nodes_are_spared(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    """Alerts of all nodes at once."""
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    for node in make_scene(k8s_api, rest).list("/api/v1/nodes"):
        rest.send("DELETE", f"/api/v1/nodes/{node['metadata']['name']}")
    scenes = [make_scene(k8s_api, rest) for _number in range(4)]
    outcomes = act_all([("cordon_node", {"min_schedulable_nodes": 2}, scene.alert) for scene in scenes], given)
    assert sorted(outcome.status for outcome in outcomes) == ["done", "done", "refused", "refused"]


def test_two_alerts_at_once(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    """Both pods of a workload: one policy for both, and one of them is left."""
    scene = make_scene(k8s_api, rest, "StatefulSet")
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    uids = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in scene.list("pods")}
    alerts = [an_alert(namespace=scene.namespace, pod=name, pod_uid=uid, node="") for name, uid in uids.items()]
    isolated = act_all([("isolate_pod", {}, alert) for alert in alerts], given)
    assert [outcome.status for outcome in isolated] == ["done", "done"]
    deleted = act_all([("delete_pod", {"min_healthy_replicas": 1}, alert) for alert in alerts], given)
    assert sorted(outcome.status for outcome in deleted) == ["done", "refused"]
    stay = [pod for pod in scene.list("pods") if "deletionTimestamp" not in pod["metadata"]]
    assert len(stay) == 1


def test_an_isolation_that_others_undermine_says_so(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    policies = f"/apis/networking.k8s.io/v1/namespaces/{scene.namespace}/networkpolicies"
    for name, selector in {"open": {"matchLabels": {"app": "web"}}, "elsewhere": {"matchLabels": {"app": "x"}}}.items():
        rest.create(policies, {"metadata": {"name": name}, "spec": {"podSelector": selector, "ingress": [{}]}})
    params = {"allow_cidrs": ["192.0.2.0/24"], "allow_dns": True}
    outcome = act("isolate_pod", params, scene.alert, given)
    assert outcome.details["still_allowed_by"] == ["open"]
    [ours] = [each for each in scene.list(policies) if each["metadata"]["name"] == "bulkhead-isolated"]
    rest.send("PATCH", f"{policies}/bulkhead-isolated", {"spec": {"ingress": [{}]}}, "application/merge-patch+json")
    assert act("isolate_pod", params, scene.alert, given).status == "done"
    [mended] = [each for each in scene.list(policies) if each["metadata"]["name"] == "bulkhead-isolated"]
    assert mended["spec"] == ours["spec"]
    assert act("isolate_pod", {**params, "detach": True}, scene.alert, given).details["still_allowed_by"] == []


def test_somebody_elses_policy_is_left_alone(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    policies = f"/apis/networking.k8s.io/v1/namespaces/{scene.namespace}/networkpolicies"
    rest.create(policies, {"metadata": {"name": "mine"}, "spec": {"podSelector": {}}})
    before = scene.versions()
    outcome = act("isolate_pod", {"policy_name": "mine"}, scene.alert, given)
    assert outcome.status == "refused"
    assert scene.versions() == before


def test_no_value_of_an_environment_gets_into_the_evidence(k8s_api: Kubernetes, rest: Rest, tmp_path: Path) -> None:
    """And the module that verifies evidence accepts the seal."""
    scene = make_scene(k8s_api, rest)
    given = settings(k8s_api.kubeconfig, tmp_path / "credentials")
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"env": SECRET})}
    path = f"/api/v1/namespaces/{scene.namespace}/pods/web-1"
    rest.send("PATCH", path, {"metadata": {"annotations": applied}}, "application/merge-patch+json")
    folder = tmp_path / "evidence"
    outcome = act("capture_evidence", {"folder": str(folder), "min_free_mb": 0}, scene.alert, given)
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert outcome.details["missing"] == ["logs/main.log"]  # there is no kubelet to ask
    assert {"pod.json", "owners.json", "events.json", "node.json", "alert.json"} <= {file.name for file in files}
    assert not [file for file in files if SECRET in file.read_text()]
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    verified = run_module("container_evidence", {"folder": str(folder), "state": "verified"})
    assert not verified.get("failed"), verified


def _shell(namespace: str) -> list[dict[str, Any]]:
    """A Deployment whose pods write a line and wait."""
    command = ["sh", "-c", "echo a shell was here; sleep 600"]
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": BASE, "command": command, "imagePullPolicy": "Never"}],
    }
    selector = {"matchLabels": {"app": "web"}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {"replicas": 2, "selector": selector, "template": template},
        }
    ]


def _pods(cluster: Kubernetes, namespace: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(cluster.kubectl("get", "pods", "-n", namespace, "-o=json"))["items"]
    return items


def test_a_pod_that_really_dies(k8s_full: Kubernetes, tmp_path: Path) -> None:
    """Evidence with its log, then the pod; what takes its place lives, also when the alert comes once more."""
    namespace, given = "response-dies", settings(k8s_full.kubeconfig, tmp_path / "credentials")
    k8s_full.make_namespace(namespace)
    k8s_full.kubectl_apply(_shell(namespace))
    k8s_full.kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment/web", "--timeout=120s")
    victim, other = _pods(k8s_full, namespace)[:2]
    short = victim["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2][:12]
    alert = an_alert(namespace=namespace, pod=victim["metadata"]["name"], pod_uid="", container_id=short, node="")
    evidence = act("capture_evidence", {"folder": str(tmp_path / "evidence"), "min_free_mb": 0}, alert, given)
    assert (evidence.status, evidence.details["missing"]) == ("done", [])
    assert "a shell was here" in Path(evidence.details["path"], "logs/main.log").read_text()
    assert act("delete_pod", {"min_healthy_replicas": 1}, alert, given).status == "done"
    k8s_full.kubectl("wait", "-n", namespace, "--for=delete", f"pod/{alert.target.pod}", "--timeout=120s")
    k8s_full.kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment/web", "--timeout=120s")
    alive = {pod["metadata"]["uid"] for pod in _pods(k8s_full, namespace)}
    assert act("delete_pod", {}, alert, given).status == "already_done"
    assert act("k8s_event", {}, alert, given).status == "done"
    assert {pod["metadata"]["uid"] for pod in _pods(k8s_full, namespace)} == alive
    assert (victim["metadata"]["uid"] in alive, other["metadata"]["uid"] in alive) == (False, True)
    event = k8s_full.kubectl("get", "events", "-n", namespace, "--field-selector=reason=SecurityResponse")
    assert "Terminal shell in container" in event
    k8s_full.kubectl("delete", "namespace", namespace, "--wait=false")


def test_controllers_do_what_the_actions_count_on(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """A detached pod is let go and replaced; a token of the old kind is worth nothing; zero means none."""
    given = settings(k8s.kubeconfig, tmp_path / "credentials")
    k8s.kubectl_apply(_shell(k8s_namespace))
    deployment = ("get", "deployment", "web", "-n", k8s_namespace, "-o=jsonpath={.status.replicas}")
    k8s.processes.wait("pods", lambda: k8s.kubectl(*deployment) == "2", ["kube-controller-manager"])
    pods = _pods(k8s, k8s_namespace)
    detached, kept = (
        an_alert(namespace=k8s_namespace, pod=pod["metadata"]["name"], pod_uid=pod["metadata"]["uid"], node="")
        for pod in pods[:2]
    )
    token = k8s.kubectl("get", "secrets", "-n", k8s_namespace, "-o=jsonpath={.items[0].data.token}")
    names = ("get", "secrets", "-n", k8s_namespace, "-o=jsonpath={.items[*].metadata.name}")
    before = k8s.kubectl(*names)
    assert act("isolate_pod", {"detach": True}, detached, given).status == "done"
    k8s.processes.wait("replacement", lambda: len(_pods(k8s, k8s_namespace)) == 3, ["kube-controller-manager"])
    alone = next(pod for pod in _pods(k8s, k8s_namespace) if pod["metadata"]["name"] == detached.target.pod)
    assert alone["metadata"]["labels"] == {LABEL: "bulkhead-isolated"}

    assert act("disable_service_account", {}, kept, given).details["token_secrets"] == [before]
    assert _answer_to(k8s, token) == "401"

    assert act("scale_to_zero", {"annotate": True}, kept, given).status == "done"
    k8s.processes.wait("none left", lambda: len(_pods(k8s, k8s_namespace)) == 1, ["kube-controller-manager"])
    assert [pod["metadata"]["name"] for pod in _pods(k8s, k8s_namespace)] == [detached.target.pod]


def test_a_token_is_who_it_is(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """What it may not do, it may do once the server knows its rights; a token that is none may be good one day."""
    given = settings(k8s.service_account(k8s_namespace, "default"), tmp_path / "credentials")
    alert = an_alert(namespace=k8s_namespace, pod="web", pod_uid=_NO_UID, node="")
    outcome = act("delete_pod", {}, alert, given)
    assert (outcome.status, outcome.retry) == ("failed", True)
    assert f"system:serviceaccount:{k8s_namespace}:default" in outcome.message
    Path(given["token_file"]).write_text("no.such.token")
    with pytest.raises(Unreachable, match="401 Unauthorized"):
        act("delete_pod", {}, alert, given)


def _answer_to(cluster: Kubernetes, encoded: str) -> str:
    """The status that the API server has for a bearer of this token. It caches what it knew for up to ten seconds."""

    def ask() -> int:
        token = base64.b64decode(encoded).decode()
        request = urllib.request.Request(f"{cluster.url}/api", headers={"Authorization": f"Bearer {token}"})
        try:
            context = ssl.create_default_context(cafile=str(cluster.ca_file))
            with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    cluster.processes.wait("end of the token", lambda: ask() == 401, ["kube-apiserver"])
    return str(ask())
