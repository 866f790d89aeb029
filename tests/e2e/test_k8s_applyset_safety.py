# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_applyset when something goes wrong: nothing half-done is left unsaid, and nothing of others is touched."""

from __future__ import annotations

import contextlib
import json
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api_front import Hangup, Reply, first, front_of, status
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
    role,
    secret,
)
from tests.lab.kubernetes import Kubernetes


def _maps(namespace: str, count: int) -> list[dict[str, Any]]:
    return [config_map(f"c{number}", namespace, n=str(number)) for number in range(count)]


def test_the_api_server_goes_in_the_middle_and_the_next_run_completes(make_k8s: Callable[..., Kubernetes]) -> None:
    """What was made, what may have been and what was not attempted is told; the parent knows of all of it."""
    k8s = make_k8s("api")
    definitions = _maps("default", 30)
    seen: list[str] = []

    def rule(method: str, path: str) -> Reply | None:
        if method == "PATCH" and "/configmaps/c" in path:
            seen.append(path)
            if len(seen) == 12:
                k8s.stop_api()
        return None

    with front_of(k8s, rule) as address:
        broken = apply(k8s, "app", "default", definitions, host=address, timeout=5)
    assert "may have been applied" in failed(broken)
    assert broken["changed"]
    assert {"created", "failed", "skipped"} == set(actions(broken).values())
    k8s.start_api()
    for name, action in actions(broken).items():
        if action != "failed":
            assert bool(live(k8s, "configmap", name.partition("/")[2], "default")) is (action == "created"), name
    completed = ok(apply(k8s, "app", "default", definitions))
    assert set(actions(completed).values()) == {"created", "unchanged"}
    assert not ok(apply(k8s, "app", "default", definitions))["changed"]


def test_the_parent_knows_of_a_member_before_it_is_made(k8s: Kubernetes, k8s_namespace: str) -> None:
    """A run that is cut off at the first member orphans nothing."""

    def rule(method: str, path: str) -> Reply | None:
        if method == "PATCH" and "/roles/" in path:
            raise Hangup
        return None

    with front_of(k8s, rule) as address:
        broken = apply(k8s, "app", k8s_namespace, [role("reader", k8s_namespace)], host=address)
    assert "may have been applied" in failed(broken)
    parent = live(k8s, "configmap", "app", k8s_namespace)
    assert parent
    kinds = parent["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"]
    assert kinds == "Role.rbac.authorization.k8s.io"


def test_the_parent_forgets_a_kind_only_after_its_members_are_gone(k8s: Kubernetes, k8s_namespace: str) -> None:
    """A deletion that is cut off is made up for by the next run."""
    definitions = [config_map("settings", k8s_namespace), role("reader", k8s_namespace)]
    ok(apply(k8s, "app", k8s_namespace, definitions))

    def rule(method: str, path: str) -> Reply | None:
        if method == "DELETE":
            raise Hangup
        return None

    with front_of(k8s, rule) as address:
        broken = apply(k8s, "app", k8s_namespace, definitions[:1], host=address)
    assert "broke" in failed(broken)
    assert actions(broken)["Role/reader"] == "failed"
    assert actions(ok(apply(k8s, "app", k8s_namespace, definitions[:1])))["Role/reader"] == "pruned"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(lambda: status(429, "TooManyRequests", "later", Retry_After="0"), id="429 with Retry-After"),
        pytest.param(lambda: status(409, "Conflict", "the object has been modified"), id="409 of a race"),
    ],
)
def test_passing_trouble_is_lived_through(k8s: Kubernetes, k8s_namespace: str, reply: Callable[[], Reply]) -> None:
    """The server says: later, or: again."""
    with front_of(k8s, first(2, "PATCH", reply, containing="/configmaps/c")) as address:
        result = ok(apply(k8s, "app", k8s_namespace, _maps(k8s_namespace, 3), host=address))
    assert set(actions(result).values()) == {"created"}


def test_a_pruned_object_that_changes_meanwhile_is_looked_at_again(k8s: Kubernetes, k8s_namespace: str) -> None:
    """It is still ours, so it goes; one that was taken out of the set in that moment stays."""
    members = _maps(k8s_namespace, 3)
    ok(apply(k8s, "app", k8s_namespace, members))

    def conflict() -> Reply:
        k8s.kubectl("-n", k8s_namespace, "label", "configmap", "c1", f"{PART_OF}-")
        k8s.kubectl("-n", k8s_namespace, "label", "configmap", "c2", "touched=yes", "--overwrite")
        return status(409, "Conflict", "the resourceVersion in the precondition does not match")

    rule = first(1, "DELETE", conflict)
    with front_of(k8s, rule) as address:
        result = ok(apply(k8s, "app", k8s_namespace, members[:1], host=address))
    assert actions(result)["ConfigMap/c2"] == "pruned"
    assert actions(result)["ConfigMap/c1"] == "unchanged"
    assert live(k8s, "configmap", "c1", k8s_namespace)


@contextlib.contextmanager
def _deaf_webhook(k8s: Kubernetes, namespace: str) -> Iterator[None]:
    """A webhook for Secrets of one namespace, at an address where somebody listens and never answers."""
    name = f"deaf-{namespace}"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        hook = {
            "name": "deaf.example.com",
            "clientConfig": {"url": f"https://127.0.0.1:{listener.getsockname()[1]}/"},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["secrets"]}],
            "namespaceSelector": {"matchLabels": {"hook": namespace}},
            "timeoutSeconds": 1,
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        k8s.kubectl("label", "namespace", namespace, f"hook={namespace}")
        k8s.kubectl_apply(
            [
                {
                    "apiVersion": "admissionregistration.k8s.io/v1",
                    "kind": "ValidatingWebhookConfiguration",
                    "metadata": {"name": name},
                    "webhooks": [hook],
                }
            ]
        )
        try:
            yield
        finally:
            k8s.kubectl("delete", "validatingwebhookconfiguration", name)


def test_a_webhook_that_times_out_fails_its_object_and_no_other(k8s: Kubernetes, k8s_namespace: str) -> None:
    """The object and the webhook are named; with continue_on_error the rest is made, and nothing is pruned."""
    ok(apply(k8s, "app", k8s_namespace, [config_map("old", k8s_namespace)]))
    definitions = [secret("login", k8s_namespace, password="a-long-password"), config_map("settings", k8s_namespace)]
    with _deaf_webhook(k8s, k8s_namespace):
        while "deaf" not in k8s.kubectl("-n", k8s_namespace, "create", "secret", "generic", "x", check=False):
            k8s.kubectl("-n", k8s_namespace, "delete", "secret", "x", check=False)  # not in effect yet
        result = apply(k8s, "app", k8s_namespace, definitions, continue_on_error=True)
    assert "Secret" in failed(result)
    assert "deaf.example.com" in result["msg"]
    assert actions(result) == {
        "Secret/login": "failed", "ConfigMap/settings": "created", "ConfigMap/old": "skipped",
    }  # fmt: skip


def test_one_kind_that_is_forbidden_does_not_stop_the_others_when_told_so(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Without continue_on_error nothing more is begun after it."""
    user = f"limited-{uuid.uuid4().hex[:6]}"
    kubeconfig = str(k8s.user(user))
    k8s.kubectl("-n", k8s_namespace, "create", "role", user, "--verb=*", "--resource=configmaps")
    k8s.kubectl("-n", k8s_namespace, "create", "rolebinding", user, f"--role={user}", f"--user={user}")
    definitions = [config_map("settings", k8s_namespace), role("reader", k8s_namespace)]
    stopped = apply(k8s, "app", k8s_namespace, definitions, kubeconfig=kubeconfig, check=True)
    assert actions(stopped) == {"ConfigMap/settings": "skipped", "Role/reader": "failed"}
    result = apply(k8s, "app", k8s_namespace, definitions, kubeconfig=kubeconfig, continue_on_error=True)
    assert f"Role {k8s_namespace}/reader" in failed(result)
    assert "forbidden" in result["msg"]
    assert actions(result) == {"ConfigMap/settings": "created", "Role/reader": "failed"}


def test_a_kind_that_is_not_served_in_time_is_named_with_the_reason(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Its names belong to another definition already."""
    group = f"{k8s_namespace}.example.com"
    k8s.kubectl_apply([crd("widgets", "Widget", group)])
    widget = {"apiVersion": f"{group}/v2", "kind": "Gadget", "metadata": {"name": "one", "namespace": k8s_namespace}}
    other = crd("gadgets", "Gadget", group)
    other["spec"]["versions"][0]["name"] = "v2"
    other["spec"]["names"]["shortNames"] = ["widgets"]
    k8s.kubectl("wait", "--for=condition=established", f"crd/widgets.{group}")
    late = apply(k8s, "app", k8s_namespace, [other, widget], wait_timeout=0.5)
    k8s.kubectl("delete", "crd", f"widgets.{group}", f"gadgets.{group}", "--wait=false")
    assert "Gadget" in failed(late)
    assert "NamesAccepted=False" in late["msg"]
    assert actions(late)["Gadget/one"] == "failed"


def test_an_object_that_is_too_large_for_the_server_is_refused_by_name(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Below what we can tell by ourselves, the server's own limit counts."""
    big = config_map("big", k8s_namespace, blob="x" * 1_100_000)
    refused = apply(k8s, "app", k8s_namespace, [big])
    assert f"ConfigMap {k8s_namespace}/big" in failed(refused)
    assert len(refused["msg"]) < 2000


def test_an_immutable_field_is_named_and_nothing_is_recreated(k8s: Kubernetes, k8s_namespace: str) -> None:
    """The other objects of the set are not touched either."""
    definitions = [deployment("web", k8s_namespace)]
    ok(apply(k8s, "app", k8s_namespace, definitions))
    before = live(k8s, "deployment", "web", k8s_namespace)
    changed = json.loads(json.dumps(definitions[0]).replace('{"app": "web"}', '{"app": "other"}'))
    refused = apply(k8s, "app", k8s_namespace, [changed, config_map("settings", k8s_namespace)])
    assert "spec.selector cannot be changed once it is made" in failed(refused)
    assert actions(refused)["ConfigMap/settings"] == "skipped"
    after = live(k8s, "deployment", "web", k8s_namespace)
    assert before
    assert after
    assert before["metadata"]["uid"] == after["metadata"]["uid"]


@pytest.mark.parametrize("delete_contents", [False, True])
def test_a_namespace_with_others_objects_stays_unless_told_otherwise(
    k8s: Kubernetes, k8s_namespace: str, delete_contents: bool
) -> None:
    """What is in it would be lost, and is named."""
    name = f"{k8s_namespace}-full"
    ok(apply(k8s, "app", k8s_namespace, [a_namespace(name)]))
    k8s.kubectl_apply([config_map("precious", name)])
    gone = ok(apply(k8s, "app", k8s_namespace, state="absent", delete_contents=delete_contents))
    if delete_contents:
        assert actions(gone) == {f"Namespace/{name}": "pruned"}
        return
    assert gone["objects"] == []
    [warning] = gone["warnings"]
    assert "precious" in str(warning)
    assert live(k8s, "configmap", "app", k8s_namespace), "the parent stays as long as it has a member"
    k8s.kubectl("-n", name, "delete", "configmap", "precious")
    assert actions(ok(apply(k8s, "app", k8s_namespace, state="absent"))) == {f"Namespace/{name}": "pruned"}


def test_a_namespace_whose_objects_are_still_declared_stays(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Deleting it would take along what the same run has just applied."""
    name = f"{k8s_namespace}-b"
    definitions = [a_namespace(name), config_map("settings", name)]
    ok(apply(k8s, "app", k8s_namespace, definitions))
    result = ok(apply(k8s, "app", k8s_namespace, definitions[1:], delete_contents=False))
    assert actions(result) == {"ConfigMap/settings": "unchanged"}
    assert "which is declared" in str(result["warnings"])
    ok(apply(k8s, "app", k8s_namespace, state="absent"))


def test_nothing_is_pruned_in_a_protected_namespace(k8s: Kubernetes, k8s_namespace: str) -> None:
    """It stays in the set's memory, so that it can be pruned when that is wanted."""
    definitions = _maps(k8s_namespace, 2)
    protected: dict[str, Any] = {"protected_namespaces": [k8s_namespace]}
    ok(apply(k8s, "app", "default", definitions, **protected))
    kept = ok(apply(k8s, "app", "default", definitions[:1], **protected))
    assert not kept["changed"]
    assert "protected_namespaces" in str(kept["warnings"])
    absent = ok(apply(k8s, "app", "default", state="absent", **protected))
    assert not absent["changed"]
    assert live(k8s, "configmap", "c1", k8s_namespace)
    gone = ok(apply(k8s, "app", "default", state="absent"))
    assert set(actions(gone).values()) == {"pruned"}


def test_the_clusters_own_namespaces_are_never_deleted(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Whatever protected_namespaces says."""
    ok(apply(k8s, "app", k8s_namespace, [a_namespace("kube-public")]))
    gone = ok(apply(k8s, "app", k8s_namespace, state="absent", protected_namespaces=[], delete_contents=True))
    assert gone["objects"] == []
    assert "the cluster's own" in str(gone["warnings"])
    k8s.kubectl("label", "namespace", "kube-public", f"{PART_OF}-")
    assert ok(apply(k8s, "app", k8s_namespace, state="absent"))["parent"]["action"] == "pruned"


def test_an_object_of_another_set_is_refused_and_never_pruned(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Not even by force."""
    ok(apply(k8s, "theirs", k8s_namespace, [config_map("settings", k8s_namespace, colour="blue")]))
    refused = apply(k8s, "ours", k8s_namespace, [config_map("settings", k8s_namespace)], force_conflicts=True)
    assert "belongs to another set" in failed(refused)
    assert not live(k8s, "configmap", "ours", k8s_namespace)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({}, "is no parent of a set"),
        ({"applyset.kubernetes.io/tooling": "kubectl/v1.27"}, "a set that kubectl manages"),
        ({"applyset.kubernetes.io/tooling": "bulkhead.container_security/v1.0.0"}, "carries the id of another set"),
    ],
)
def test_a_parent_that_is_not_ours_is_left_alone(
    k8s: Kubernetes, k8s_namespace: str, annotations: dict[str, str], message: str
) -> None:
    """An ordinary ConfigMap, another tool's parent, a parent with a foreign id."""
    there = config_map("app", k8s_namespace, precious="yes")
    there["metadata"]["annotations"] = annotations
    k8s.kubectl_apply([there])
    every: list[dict[str, Any]] = [{"definitions": _maps(k8s_namespace, 1)}, {"state": "absent"}]
    for options in every:
        assert message in failed(apply(k8s, "app", k8s_namespace, **options))
    assert live(k8s, "configmap", "app", k8s_namespace)
    assert not live(k8s, "configmap", "c0", k8s_namespace)


def test_bad_definitions_change_nothing(k8s: Kubernetes, k8s_namespace: str) -> None:
    """One bad definition among good ones; those that the cluster alone can tell are told by it."""
    good = config_map("good", k8s_namespace)
    bad: dict[str, dict[str, Any]] = {
        "does not serve": {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "x"}},
        "needs metadata.namespace": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}},
        "is of no namespace": {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "x", "namespace": k8s_namespace},
        },
        "is no name of an object": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "../../x"}},
    }
    for message, definition in bad.items():
        assert message in failed(apply(k8s, "app", k8s_namespace, [good, definition])), message
    assert not live(k8s, "configmap", "good", k8s_namespace)
    assert not live(k8s, "configmap", "app", k8s_namespace)


def _kubeconfig(k8s: Kubernetes, folder: Path, user: dict[str, Any]) -> str:
    cluster = {"server": k8s.url, "certificate-authority": str(k8s.ca_file)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
        "current-context": "lab",
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(content))
    return str(file)


def test_the_wrong_credentials_cluster_or_context_are_refused(
    k8s: Kubernetes, k8s_namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired credentials, another cluster, no such context, and the pod's own identity, which nobody asked for."""
    definitions = _maps(k8s_namespace, 1)
    expired = _kubeconfig(k8s, tmp_path, {"token": "expired"})
    assert "credentials are refused" in failed(apply(k8s, "app", k8s_namespace, definitions, kubeconfig=expired))
    other = apply(k8s, "app", k8s_namespace, definitions, expect_cluster=str(uuid.uuid4()))
    assert "expect_cluster" in failed(other)
    assert "nowhere" in failed(apply(k8s, "app", k8s_namespace, definitions, context="nowhere"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", k8s.address)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(k8s.port))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert failed(apply(k8s, "app", k8s_namespace, definitions, kubeconfig=None))
    assert not live(k8s, "configmap", "c0", k8s_namespace)


def test_a_kubeconfig_with_an_exec_plugin_works(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """As clouds give them out."""
    certificate, key = ((k8s.workdir / "pki" / name).read_text() for name in ("admin.crt", "admin.key"))
    state = {"clientCertificateData": certificate, "clientKeyData": key}
    kind = {"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": state}
    (tmp_path / "credential.json").write_text(json.dumps(kind))
    plugin = {
        "apiVersion": kind["apiVersion"],
        "command": "cat",
        "args": [str(tmp_path / "credential.json")],
    }
    kubeconfig = _kubeconfig(k8s, tmp_path, {"exec": plugin})
    result = ok(apply(k8s, "app", k8s_namespace, _maps(k8s_namespace, 1), kubeconfig=kubeconfig))
    assert actions(result) == {"ConfigMap/c0": "created"}
