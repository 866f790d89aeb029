# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_applyset on a real API server: what it makes, predicts, sees and removes."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.applyset_run import (
    PART_OF,
    a_namespace,
    actions,
    apply,
    config_map,
    crd,
    deployment,
    failed,
    live,
    ok,
    paths,
    role,
    secret,
)
from tests.lab.ansible import run_playbook
from tests.lab.kubernetes import Kubernetes

_PASSWORD = "correct-horse-battery"


def _everything(namespace: str) -> list[dict[str, Any]]:
    return [
        deployment("web", namespace),
        secret("login", namespace, password=_PASSWORD),
        config_map("settings", namespace, colour="blue"),
        role("reader", namespace),
    ]


def _named(api_version: str, kind: str, name: str, namespace: str, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _as_manifests_have_it(namespace: str) -> list[dict[str, Any]]:
    """What servers write in another way than people: defaults, empty values, two versions of a kind."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    aggregated = {"clusterRoleSelectors": [{"matchLabels": {namespace: "true"}}]}
    new = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [cpu]}
    old = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 80}
    rbac = "rbac.authorization.k8s.io/v1"
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    return [
        _named("v1", "Service", "web", namespace, spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}),
        _named("v1", "ConfigMap", "empty", namespace, data={}, binaryData=None),
        _named("v1", "LimitRange", "limits", namespace, spec={"limits": [{"type": "Pod", "max": {"cpu": "2000m"}}]}),
        _named("autoscaling/v1", "HorizontalPodAutoscaler", "old", namespace, spec=old),
        _named("autoscaling/v2beta2", "HorizontalPodAutoscaler", "new", namespace, spec=new),
        _named(rbac, "ClusterRole", f"all-{namespace}", "", aggregationRule=aggregated, rules=[]),
        {
            **_named(rbac, "ClusterRole", "", "", rules=[rule]),
            "metadata": {"name": f"part-{namespace}", "labels": {namespace: "true"}},
        },
    ]


def _await_rules(k8s: Kubernetes, name: str) -> None:
    deadline = time.monotonic() + 20
    while not (live(k8s, "clusterrole", name) or {}).get("rules"):
        assert time.monotonic() < deadline, "the controller has not filled in the rules"


def test_what_a_server_writes_in_its_own_way_is_unchanged(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Also after the controllers have filled in their part."""
    objects = _as_manifests_have_it(k8s_namespace)
    ok(apply(k8s, "app", k8s_namespace, objects))
    _await_rules(k8s, f"all-{k8s_namespace}")
    second = ok(apply(k8s, "app", k8s_namespace, objects))
    assert set(actions(second).values()) == {"unchanged"}
    assert second["writes"] == 0
    ok(apply(k8s, "app", k8s_namespace, state="absent"))


def test_an_object_that_a_server_chokes_on_is_named(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Before 1.21 a server drops the connection when an APIService is applied: all else is still judged."""
    service = {"group": "x.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10}
    objects = [
        config_map("a", k8s_namespace),
        _named("apiregistration.k8s.io/v1", "APIService", "v1.x.example.com", "", spec=service),
    ]
    result = apply(k8s, "app", k8s_namespace, objects, check=True, continue_on_error=True)
    assert "APIService v1.x.example.com: the server answers, but not to a dry run" in failed(result)
    assert actions(result) == {"ConfigMap/a": "created", "APIService/v1.x.example.com": "failed"}


def test_a_set_is_made_and_the_second_run_changes_nothing(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Members carry the label, the parent says what the set contains, and the second run sends no write."""
    first = ok(apply(k8s, "app", k8s_namespace, _everything(k8s_namespace)))
    assert set(actions(first).values()) == {"created"}
    assert first["changed"]
    second = ok(apply(k8s, "app", k8s_namespace, _everything(k8s_namespace)))
    assert set(actions(second).values()) == {"unchanged"}
    assert not second["changed"]
    assert second["writes"] == 0
    assert second["diff"] == []
    parent = live(k8s, "configmap", "app", k8s_namespace)
    member = live(k8s, "deployment", "web", k8s_namespace)
    assert parent
    assert member
    digest = hashlib.sha256(f"app.{k8s_namespace}.ConfigMap.".encode()).digest()
    identity = f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"
    assert parent["metadata"]["labels"] == {"applyset.kubernetes.io/id": identity}
    assert member["metadata"]["labels"][PART_OF] == identity == first["parent"]["id"]
    annotations = parent["metadata"]["annotations"]
    assert (
        annotations["applyset.kubernetes.io/contains-group-kinds"]
        == "ConfigMap,Deployment.apps,Role.rbac.authorization.k8s.io,Secret"
    )
    assert annotations["applyset.kubernetes.io/additional-namespaces"] == ""


def test_the_api_server_sees_no_write_in_an_unchanged_run_and_in_check_mode(
    make_k8s: Callable[..., Kubernetes],
) -> None:
    """Its own audit log says so."""
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}
    k8s = make_k8s("api", audit_policy=policy)
    definitions = _everything("default")

    def written() -> list[str]:
        lines = (json.loads(line) for line in k8s.audit_log.read_text().splitlines())
        ours = [line for line in lines if str(line.get("userAgent")).startswith("bulkhead")]
        assert ours
        return [
            line["requestURI"]
            for line in ours
            if line["verb"] not in ("get", "list") and "dryRun=All" not in line["requestURI"]
        ]

    ok(apply(k8s, "app", "default", definitions, check=True))
    assert written() == []
    assert live(k8s, "deployment", "web", "default") is None
    ok(apply(k8s, "app", "default", definitions))
    before = written()
    assert before
    ok(apply(k8s, "app", "default", definitions))
    ok(apply(k8s, "app", "default", definitions[:1], check=True))
    ok(apply(k8s, "app", "default", state="absent", check=True))
    assert written() == before


@pytest.mark.parametrize("state", ["new", "changed", "pruned", "absent"])
def test_check_mode_predicts_the_run(k8s: Kubernetes, k8s_namespace: str, state: str) -> None:
    """The same actions, the same fields, the same difference; and nothing is written."""
    definitions = _everything(k8s_namespace)
    if state == "absent":
        definitions = definitions[1:]  # its controller annotates a Deployment between the two looks at it
    if state != "new":
        ok(apply(k8s, "app", k8s_namespace, definitions))
    if state == "changed":
        definitions[0] = deployment("web", k8s_namespace, image="lab/other:2.0")
        definitions[2] = config_map("settings", k8s_namespace, size="big")
    if state == "pruned":
        definitions = definitions[:1]
    options = {"state": "absent"} if state == "absent" else {"definitions": definitions}
    predicted = ok(apply(k8s, "app", k8s_namespace, check=True, **options))
    assert predicted["writes"] == 0
    assert predicted["changed"]
    done = ok(apply(k8s, "app", k8s_namespace, **options))
    for key in ("changed", "objects", "diff", "parent"):
        assert predicted[key] == done[key], key
    again = ok(apply(k8s, "app", k8s_namespace, **options))
    assert not again["changed"]
    assert again["writes"] == 0


def test_drift_names_the_field_the_value_and_who_set_it(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Three kinds of drift: a value changed, an element of a list changed, a field removed."""
    definitions = _everything(k8s_namespace)
    ok(apply(k8s, "app", k8s_namespace, definitions))
    k8s.kubectl("-n", k8s_namespace, "scale", "deployment", "web", "--replicas=5")
    k8s.kubectl("-n", k8s_namespace, "set", "image", "deployment/web", "main=evil/image:1")
    k8s.kubectl("-n", k8s_namespace, "patch", "configmap", "settings", "--type=json",
                "-p", '[{"op": "remove", "path": "/data/colour"}]')  # fmt: skip
    drift = ok(apply(k8s, "app", k8s_namespace, definitions, check=True, force_conflicts=True))
    by_name = {item["name"]: item for item in drift["objects"]}
    fields = {field["path"]: field for field in by_name["web"]["fields"]}
    image = '.spec.template.spec.containers[name="main"].image'
    assert set(fields) == {".spec.replicas", image}
    assert (fields[".spec.replicas"]["before"], fields[".spec.replicas"]["after"]) == (5, 1)
    assert fields[image]["manager"] == "kubectl-set"
    assert fields[image]["operation"] == "Update"
    assert fields[image]["time"].startswith("20")
    [removed] = by_name["settings"]["fields"]
    assert (removed["path"], removed["before"], removed["after"]) == (".data.colour", None, "blue")
    [web] = [part for part in drift["diff"] if "Deployment" in part["after_header"]]
    assert "evil/image:1" in web["before"]
    assert "evil" not in web["after"]
    for noise in ("managedFields", "resourceVersion", "status", "ports"):
        assert noise not in web["before"] + web["after"]


def test_a_conflict_names_the_other_manager_and_is_resolved_only_when_asked(
    k8s: Kubernetes, k8s_namespace: str
) -> None:
    """Nothing else of the set is touched before."""
    definitions = [config_map("settings", k8s_namespace, colour="blue")]
    ok(apply(k8s, "app", k8s_namespace, definitions))
    k8s.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=somebody", "-f", "-",
                input=json.dumps(config_map("settings", k8s_namespace, colour="red")))  # fmt: skip
    definitions.append(config_map("other", k8s_namespace))
    refused = apply(k8s, "app", k8s_namespace, definitions)
    assert ".data.colour is set by somebody" in failed(refused)
    assert not refused["changed"]
    assert actions(refused) == {"ConfigMap/settings": "failed", "ConfigMap/other": "skipped"}
    [field] = refused["objects"][0]["fields"]
    assert field["path"] == ".data.colour"
    assert field["manager"] == "somebody"
    assert field["time"]
    assert live(k8s, "configmap", "other", k8s_namespace) is None
    forced = ok(apply(k8s, "app", k8s_namespace, definitions, force_conflicts=True))
    assert actions(forced) == {"ConfigMap/settings": "changed", "ConfigMap/other": "created"}
    found = live(k8s, "configmap", "settings", k8s_namespace)
    assert found
    assert found["data"] == {"colour": "blue"}


def test_a_field_that_is_declared_no_more_goes_and_those_of_others_stay(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Server-side apply removes what only we wanted."""
    ok(apply(k8s, "app", k8s_namespace, [config_map("settings", k8s_namespace, colour="blue", size="big")]))
    k8s.kubectl("-n", k8s_namespace, "annotate", "configmap", "settings", "note=theirs")
    result = ok(apply(k8s, "app", k8s_namespace, [config_map("settings", k8s_namespace, colour="blue")]))
    assert paths(result, "settings") == [".data.size"]
    found = live(k8s, "configmap", "settings", k8s_namespace)
    assert found
    assert found["data"] == {"colour": "blue"}
    assert found["metadata"]["annotations"] == {"note": "theirs"}


def test_secrets_are_shown_as_fingerprints_everywhere(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """In results, differences, with -vvv, and in what the server says about a mistake."""
    encoded = base64.b64encode(_PASSWORD.encode()).decode()
    definitions = [secret("login", k8s_namespace, password="another-secret")]
    ok(apply(k8s, "app", k8s_namespace, definitions))
    play = [
        {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "tasks": [
                {
                    "bulkhead.container_security.k8s_applyset": {
                        "kubeconfig": str(k8s.kubeconfig),
                        "name": "app",
                        "namespace": k8s_namespace,
                        "definitions": [secret("login", k8s_namespace, password=_PASSWORD)],
                    }
                }
            ],
        }
    ]
    (tmp_path / "play.json").write_text(json.dumps(play))
    run = run_playbook(tmp_path / "play.json", diff=True, arguments=["-vvv"]).check()
    text = run.stdout + run.stderr + json.dumps(run.tasks)
    assert _PASSWORD not in text
    assert encoded not in text
    assert "another-secret" not in text
    [field] = run.result_of("k8s_applyset")["objects"][0]["fields"]
    assert field["path"] == ".data.password"
    assert field["before"] != field["after"]
    assert field["before"].startswith("sha256:")
    assert field["after"].startswith("sha256:")
    found = live(k8s, "secret", "login", k8s_namespace)
    assert found
    assert found["data"]["password"] == encoded


def test_pruning_removes_what_left_and_only_that(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Not what has no label, not what has another set's, and nothing at all when told not to."""
    members = [config_map(name, k8s_namespace) for name in ("keep", "leave", "lose")]
    ok(apply(k8s, "app", k8s_namespace, members))
    ok(apply(k8s, "other", k8s_namespace, [config_map("theirs", k8s_namespace)]))
    k8s.kubectl_apply([config_map("nobodys", k8s_namespace)])
    kept = ok(apply(k8s, "app", k8s_namespace, members[:1], prune=False))
    assert not kept["changed"]
    assert live(k8s, "configmap", "lose", k8s_namespace)
    k8s.kubectl("-n", k8s_namespace, "label", "configmap", "leave", f"{PART_OF}-")
    pruned = ok(apply(k8s, "app", k8s_namespace, members[:1]))
    assert actions(pruned) == {"ConfigMap/keep": "unchanged", "ConfigMap/lose": "pruned"}
    for name, there in {"keep": True, "leave": True, "lose": False, "theirs": True, "nobodys": True}.items():
        assert bool(live(k8s, "configmap", name, k8s_namespace)) is there, name


def test_a_kind_and_a_namespace_that_the_set_left_altogether_are_pruned(k8s: Kubernetes, k8s_namespace: str) -> None:
    """The parent remembers where members may be, and forgets it when they are gone."""
    second = f"{k8s_namespace}-b"
    first = ok(apply(k8s, "app", k8s_namespace, [a_namespace(second), role("reader", second)]))
    assert set(actions(first).values()) == {"created"}
    result = ok(apply(k8s, "app", k8s_namespace, [a_namespace(second), config_map("settings", k8s_namespace)]))
    assert actions(result)["Role/reader"] == "pruned"
    assert not live(k8s, "role", "reader", second)
    parent = live(k8s, "configmap", "app", k8s_namespace)
    assert parent
    annotations = parent["metadata"]["annotations"]
    assert annotations["applyset.kubernetes.io/contains-group-kinds"] == "ConfigMap,Namespace"
    assert annotations["applyset.kubernetes.io/additional-namespaces"] == ""
    gone = ok(apply(k8s, "app", k8s_namespace, state="absent", wait=True))
    assert actions(gone)[f"Namespace/{second}"] == "pruned"
    assert not live(k8s, "namespace", second)


def test_namespaces_and_kinds_of_the_set_itself_come_first(k8s: Kubernetes, k8s_namespace: str) -> None:
    """In check mode too, where neither can be asked about; the order of the definitions does not matter."""
    group = f"{k8s_namespace}.example.com"
    new = f"{k8s_namespace}-new"
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one", "namespace": new}}
    definitions = [widget, config_map("settings", new), crd("widgets", "Widget", group), a_namespace(new)]
    predicted = ok(apply(k8s, "app", k8s_namespace, definitions, check=True))
    assert set(actions(predicted).values()) == {"created"}
    assert predicted["writes"] == 0
    done = ok(apply(k8s, "app", k8s_namespace, definitions))
    assert done["objects"] == predicted["objects"]
    assert live(k8s, f"widgets.{group}", "one", new)
    assert not ok(apply(k8s, "app", k8s_namespace, definitions))["changed"]
    ok(apply(k8s, "app", k8s_namespace, state="absent"))
    assert not live(k8s, "crd", f"widgets.{group}")


def test_absent_removes_the_members_and_the_parent_and_nothing_else(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Twice is once."""
    k8s.kubectl_apply([config_map("nobodys", k8s_namespace)])
    ok(apply(k8s, "app", k8s_namespace, _everything(k8s_namespace)))
    gone = ok(apply(k8s, "app", k8s_namespace, state="absent"))
    assert set(actions(gone).values()) == {"pruned"}
    assert gone["parent"]["action"] == "pruned"
    assert live(k8s, "configmap", "nobodys", k8s_namespace)
    assert not live(k8s, "configmap", "app", k8s_namespace)
    assert not ok(apply(k8s, "app", k8s_namespace, state="absent"))["changed"]


def test_what_is_there_already_is_adopted(k8s: Kubernetes, k8s_namespace: str) -> None:
    """With the fields that others have set left alone."""
    k8s.kubectl("-n", k8s_namespace, "create", "configmap", "settings", "--from-literal=theirs=1")
    definitions = [config_map("settings", k8s_namespace, ours="2")]
    result = ok(apply(k8s, "app", k8s_namespace, definitions))
    assert actions(result) == {"ConfigMap/settings": "changed"}
    found = live(k8s, "configmap", "settings", k8s_namespace)
    assert found
    assert found["data"] == {"theirs": "1", "ours": "2"}
    assert not ok(apply(k8s, "app", k8s_namespace, definitions))["changed"]


def test_files_lists_and_texts_are_definitions_too(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """Several documents in one file, a List, an empty document, a date that is a text."""
    first, second = (json.dumps(config_map(name, k8s_namespace)) for name in ("one", "two"))
    (tmp_path / "a.yaml").write_text(f"---\n{first}\n---\n---\n{second}\n")
    (tmp_path / "b.json").write_text(json.dumps({"kind": "List", "items": [config_map("three", k8s_namespace)]}))
    (tmp_path / "README").write_text("not read")
    text = f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: four, namespace: {k8s_namespace}}}, "
    text += "data: {since: '1', day: 2024-01-01}}"
    result = ok(apply(k8s, "app", k8s_namespace, [text], src=[str(tmp_path)]))
    assert actions(result) == {f"ConfigMap/{name}": "created" for name in ("four", "one", "two", "three")}
    found = live(k8s, "configmap", "four", k8s_namespace)
    assert found
    assert found["data"]["day"] == "2024-01-01"


def test_waiting_sees_readiness_and_names_what_is_not_ready(k8s: Kubernetes, k8s_namespace: str) -> None:
    """No node runs pods here: a Deployment of none is ready, one of one is not, and says why."""
    idle = deployment("web", k8s_namespace)
    idle["spec"]["replicas"] = 0
    ok(apply(k8s, "app", k8s_namespace, [idle], wait=True))
    idle["spec"]["replicas"] = 1
    extra = config_map("gone", k8s_namespace)
    ok(apply(k8s, "app", k8s_namespace, [idle, extra]))
    late = apply(k8s, "app", k8s_namespace, [idle], wait=True, wait_timeout=0.5)
    assert "Deployment" in failed(late)
    assert "0 of 1 replicas are available" in late["msg"]
    assert actions(late)["ConfigMap/gone"] == "skipped"
    assert live(k8s, "configmap", "gone", k8s_namespace)


def test_a_set_of_many_objects_is_read_with_few_requests(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Fifty ConfigMaps: the unchanged run lists them once."""
    definitions = [config_map(f"c{number}", k8s_namespace, n=str(number)) for number in range(50)]
    ok(apply(k8s, "app", k8s_namespace, definitions))
    second = ok(apply(k8s, "app", k8s_namespace, definitions))
    assert not second["changed"]
    assert second["requests"] < 10


def test_a_binding_and_its_role_come_together_for_who_may_not_grant_everything(
    k8s: Kubernetes, k8s_namespace: str
) -> None:
    """A namespace's admin may bind a role only when it is there, and holds nothing that he has not."""
    user = f"admin-{uuid.uuid4().hex[:6]}"
    kubeconfig = k8s.user(user)
    k8s.kubectl("-n", k8s_namespace, "create", "rolebinding", user, "--clusterrole=admin", f"--user={user}")
    binding: dict[str, Any] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "reader", "namespace": k8s_namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}],
    }
    definitions = [binding, role("reader", k8s_namespace)]
    for check in (True, False):
        result = ok(apply(k8s, "app", k8s_namespace, definitions, check=check, kubeconfig=str(kubeconfig)))
        assert set(actions(result).values()) == {"created"}
    changed = [{**binding, "roleRef": {**binding["roleRef"], "name": "other"}}, definitions[1]]
    refused = apply(k8s, "app", k8s_namespace, changed)
    assert "RoleBinding" in failed(refused)
    assert "cannot be changed once it is made" in refused["msg"]
