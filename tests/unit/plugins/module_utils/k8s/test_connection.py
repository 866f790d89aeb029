# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster, and as whom: never one that was not asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ConnectionOptionsError
from tests.unit.scripted_api import Reply, parameters, scripted

SERVICE_ACCOUNT = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No cluster in the environment, none in the home folder, but a pod's own identity at hand."""
    for name in ("KUBECONFIG", "K8S_AUTH_KUBECONFIG", "K8S_AUTH_HOST", "K8S_AUTH_API_KEY", "K8S_AUTH_VERIFY_SSL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in SERVICE_ACCOUNT.items():
        monkeypatch.setenv(name, value)


def test_the_pod_s_identity_is_not_used_unasked() -> None:
    with pytest.raises(ConnectionOptionsError, match="in_cluster to use the identity of the pod"):
        connect(parameters())


def test_in_cluster_without_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    with pytest.raises(ConnectionOptionsError, match="in_cluster: Service host/port is not set"):
        connect(parameters(in_cluster=True))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"in_cluster": True, "host": "https://x"}, "in_cluster goes without"),
        ({"api_key": "k"}, "api_key goes with host"),
        ({"host": "cluster.example.com"}, "host is an URL"),
        ({"host": "https://x", "ca_cert": "/nowhere"}, "ca_cert: there is no file /nowhere"),
        ({"host": "https://x", "timeout": 0}, "timeout must be more than 0"),
        ({"host": "https://x", "impersonate_groups": ["a"]}, "impersonate_groups goes with impersonate_user"),
    ],
)
def test_unusable_options(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConnectionOptionsError, match=complaint):
        connect(parameters(**options))


def test_a_token_is_sent() -> None:
    with scripted(Reply()) as api:
        api.cluster(api_key="secret").get("/api")
    assert api.seen[0].header("Authorization") == ["Bearer secret"]


def test_the_new_line_at_the_end_of_a_token_is_none_of_it() -> None:
    with scripted(Reply()) as api:
        api.cluster(api_key="secret\n").get("/api")
    assert api.seen[0].header("Authorization") == ["Bearer secret"]


def test_a_token_that_no_header_can_hold_is_not_shown() -> None:
    with scripted(Reply()) as api, pytest.raises(ConnectionOptionsError, match="no header can") as caught:
        api.cluster(api_key="sec\nret").get("/api")
    assert "sec\nret" not in str(caught.value)
    assert "sec\\nret" not in str(caught.value)


def test_what_awx_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(Reply()) as api:
        monkeypatch.setenv("K8S_AUTH_HOST", api.url)
        monkeypatch.setenv("K8S_AUTH_API_KEY", "of-awx")
        monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "False")
        connect(parameters()).get("/api")
    assert api.seen[0].header("Authorization") == ["Bearer of-awx"]


def test_options_come_before_what_awx_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_HOST", "https://other.example.com")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "of-awx")
    with scripted(Reply()) as api:
        cluster = api.cluster()
        cluster.get("/api")
    assert (cluster.address, api.seen[0].header("Authorization")) == (api.url, [])


def test_another_cluster_is_refused() -> None:
    reply = Reply(body={"metadata": {"uid": "this-one"}})
    with scripted(reply) as api, pytest.raises(ConnectionOptionsError, match="is cluster this-one, and expect_cluster"):
        api.cluster(expect_cluster="that-one")
    with scripted(reply) as api:
        api.cluster(expect_cluster="this-one")


def kubeconfig(folder: Path, **changes: Any) -> str:
    """A kubeconfig file with one context, changed."""
    content = {
        "clusters": [{"name": "lab", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "ada", "user": {"token": "t"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "ada"}}],
        "current-context": "lab",
        **changes,
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def _exec(command: str, *arguments: str) -> list[dict[str, Any]]:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": list(arguments)}
    return [{"name": "ada", "user": {"exec": plugin}}]


def test_a_kubeconfig(tmp_path: Path) -> None:
    assert connect(parameters(kubeconfig=kubeconfig(tmp_path))).address == "https://127.0.0.1:9"


def test_a_kubeconfig_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"/nowhere:{kubeconfig(tmp_path)}")
    assert connect(parameters()).address == "https://127.0.0.1:9"


@pytest.mark.parametrize(
    ("changes", "options", "complaint"),
    [
        ({}, {"context": "prod"}, "there is no context 'prod', only lab"),
        ({"current-context": ""}, {}, "names no current context: give context, one of lab"),
        ({"contexts": []}, {}, "there is no context in it"),
        ({"users": []}, {}, "'ada'"),
        ({"clusters": []}, {}, "Expected object with name lab"),
        ({"contexts": "x"}, {}, "there is no context in it"),
        ({"users": 7}, {}, "is no kubeconfig"),
        ({"users": _exec("/nowhere/plugin")}, {}, "exec plugin of user 'ada' gave no credentials: .*No such file"),
        ({"users": _exec("sh", "-c", "echo no session >&2; exit 3")}, {}, "process returned 3. no session"),
        ({"users": _exec("echo", "{}")}, {}, "malformed response"),
        ({"users": _exec("sleep", "5")}, {"timeout": 0.2}, r"its exec plugin gave no credentials in 0\.2 s"),
        ({"users": [{"name": "ada", "user": {"client-certificate": "/nowhere"}}]}, {}, "/nowhere"),
        ({"users": [{"name": "ada", "user": {"token": "t", "as": "bob"}}]}, {}, "'ada' acts as somebody else"),
        ({"clusters": [{"name": "lab", "cluster": {"server": "127.0.0.1:9"}}]}, {}, "server is an URL such as"),
    ],
)
def test_unusable_kubeconfigs(tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConnectionOptionsError, match=complaint):
        connect(parameters(kubeconfig=kubeconfig(tmp_path, **changes), **options))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"- 1\n- 2\n", b"just text", b"{unclosed: [", b"a: *b"])
def test_what_is_no_kubeconfig(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(content)
    with pytest.raises(ConnectionOptionsError, match="config"):
        connect(parameters(kubeconfig=str(path)))


def test_no_such_kubeconfig() -> None:
    with pytest.raises(ConnectionOptionsError, match="kubeconfig: there is no file /nowhere"):
        connect(parameters(kubeconfig="/nowhere"))


def test_the_content_of_a_kubeconfig_in_place_of_its_path_is_not_shown() -> None:
    content = str({"users": [{"user": {"client-key-data": "c2VjcmV0"}}]})
    with pytest.raises(ConnectionOptionsError, match="path of a file") as caught:
        connect(parameters(kubeconfig=content))
    assert "c2VjcmV0" not in str(caught.value)


def test_an_exec_plugin(tmp_path: Path) -> None:
    answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"fresh"}}'
    with scripted(Reply()) as api:
        clusters = [{"name": "lab", "cluster": {"server": api.url}}]
        path = kubeconfig(tmp_path, clusters=clusters, users=_exec("echo", answer))
        connect(parameters(kubeconfig=path)).get("/api")
    assert api.seen[0].header("Authorization") == ["Bearer fresh"]
