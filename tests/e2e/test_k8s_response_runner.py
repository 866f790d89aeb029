# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response runner and a real API server: with the rights of its rules, and while the server is gone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.response_stage import ResponseStage, alert
from tests.lab.kubernetes import Kubernetes

_USER = "response-engine"
_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]


def _settings(k8s: Kubernetes, folder: Path) -> dict[str, str]:
    """How the runner speaks to the API server, as a user who may do nothing but what is granted to it."""
    user = json.loads(k8s.user(_USER).read_text())["users"][0]["user"]
    files = {"ca_file": str(k8s.ca_file)}
    for key, name in (("cert_file", "client-certificate-data"), ("key_file", "client-key-data")):
        file = folder / key
        file.write_bytes(base64.b64decode(user[name]))
        files[key] = str(file)
    return {"server": k8s.url, **files}


def _grant(k8s: Kubernetes, rules: list[dict[str, Any]]) -> None:
    group = "rbac.authorization.k8s.io"
    meta = {"name": "response-engine", "namespace": "shop"}
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": rules}
    subjects = [{"kind": "User", "name": _USER, "apiGroup": group}]
    reference = {"kind": "Role", "name": "response-engine", "apiGroup": group}
    binding = {**role, "kind": "RoleBinding", "subjects": subjects, "roleRef": reference}
    del binding["rules"]
    k8s.kubectl_apply([role, binding])


def _make_pod(k8s: Kubernetes, name: str) -> str:
    """The uid of a pod that is an object only."""
    spec = {"containers": [{"name": "main", "image": "registry.example.com/web:1.0"}]}
    with k8s.rest() as rest:
        pod = rest.create("/api/v1/namespaces/shop/pods", {"metadata": {"name": name}, "spec": spec})
    return str(pod["metadata"]["uid"])


def test_check_names_each_right_that_is_missing_and_these_are_enough(
    make_k8s: Callable[..., Kubernetes], response: ResponseStage, tmp_path: Path
) -> None:
    k8s = make_k8s("api")
    k8s.make_namespace("shop")
    response.config["kubernetes"] = _settings(k8s, tmp_path)
    _grant(k8s, [])
    code, said = response.check()
    assert code == 1
    assert said.splitlines() == [
        "bulkhead_response: kubernetes: may not get pods in namespace shop",
        "bulkhead_response: kubernetes: may not delete pods in namespace shop",
    ]
    _grant(k8s, _RULES)
    assert response.check() == (0, "bulkhead_response: ready: 1 sources, 1 response rules\n")
    uid, other = _make_pod(k8s, "web-1"), _make_pod(k8s, "web-2")
    response.start()
    response.publish([alert(1, **{"k8s.pod.uid": uid}), alert(2, **{"k8s.pod.uid": f"{other[:-1]}x"})])
    response.await_finished()
    assert _exists(k8s, "web-1", "web-2") == [False, True]  # the other is another pod of the name


def test_an_api_server_that_is_gone_is_waited_for(
    make_k8s: Callable[..., Kubernetes], response: ResponseStage, tmp_path: Path
) -> None:
    k8s = make_k8s("api")
    k8s.make_namespace("shop")
    _grant(k8s, _RULES)
    response.config["kubernetes"] = _settings(k8s, tmp_path)
    uid = _make_pod(k8s, "web-1")
    response.start()
    k8s.stop_api()
    response.publish([alert(1, **{"k8s.pod.uid": uid})])
    response.wait("retries", lambda: "\nbulkhead_response_retries_total " in response.get("/metrics")[1])
    k8s.start_api()
    response.await_finished()
    assert _exists(k8s, "web-1") == [False]
    assert response.statuses() == {alert(1)["uuid"]: ["acted"]}


def _exists(k8s: Kubernetes, *names: str) -> list[bool]:
    with k8s.rest() as rest:
        return [rest.status(f"/api/v1/namespaces/shop/pods/{name}") == 200 for name in names]


def test_labels_are_those_of_the_live_pod(
    make_k8s: Callable[..., Kubernetes], response: ResponseStage, tmp_path: Path
) -> None:
    k8s = make_k8s("api")
    k8s.make_namespace("shop")
    _grant(k8s, _RULES)
    response.config["kubernetes"] = _settings(k8s, tmp_path)
    response.config["rules"][0]["match"] = {"labels": {"app": "web"}}
    uids = [_make_pod(k8s, "web-1"), _make_pod(k8s, "web-2")]
    k8s.kubectl("label", "pod", "web-2", "app=web", "--namespace=shop")
    response.start()
    response.publish([alert(number, **{"k8s.pod.uid": uid}) for number, uid in enumerate(uids, 1)])
    response.await_finished()
    assert response.statuses() == {alert(2)["uuid"]: ["acted"]}
