# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role kubeless on a real API server of 1.20. The controllers' images are not to be had here and never start."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.e2e.conftest import await_end_of_namespace, fresh_namespace
from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.kubernetes import Kubernetes

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.kubeless]
"""
PINNED = f"registry.example.com/image@sha256:{'0' * 64}"
SELECTOR = {"matchLabels": {"created-by": "kubeless", "function": "hello"}}
FUNCTION: dict[str, Any] = {
    "name": "hello",
    "handler": "hello.handler",
    "runtime": "python3.8",
    "function": "def handler(event, context):\n    return 'hello'\n",
}


class Serverless:
    """The role, with what each test changes of a whole declaration."""

    def __init__(self, cluster: Kubernetes, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.playbook = folder / "play.yml"
        self.playbook.write_text(PLAY)

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        declared = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "functions_namespace": self.namespace,
            "function_controller_image": PINNED,
            "http_trigger_controller_image": PINNED,
            "cronjob_trigger_controller_image": PINNED,
            "nats_trigger_controller_image": PINNED,
            "accept_open_nats": True,
            "wait_timeout": 0,
            "runtimes": [{"name": "python3.8", "image": PINNED, "file_name_suffix": ".py"}],
            "functions": [FUNCTION],
            "nats_triggers": [{"name": "shell", "function": "hello", "topic": "falco.>"}],
            **options,
        }
        variables = {f"kubeless_{name}": value for name, value in declared.items()}
        return run_playbook(self.playbook, extra_vars=variables, check=check, diff=True)

    def refusal_of(self, kind: str, spec: dict[str, Any]) -> str:
        """What the API server says to an object that is written past the role; empty where it takes it."""
        item = {
            "apiVersion": "kubeless.io/v1beta1",
            "kind": kind,
            "metadata": {"name": "past-the-role", "namespace": self.namespace},
            "spec": spec,
        }
        said = self.cluster.kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps(item), check=False)
        return "" if "created (server dry run)" in said else said

    def may(self, account: str, verb: str, resource: str, **more: str) -> bool:
        question = {"subject": f"ServiceAccount:kubeless/{account}", "verb": verb, "resource": resource, **more}
        options = {"kubeconfig": str(self.cluster.kubeconfig), "questions": [question], "verify": True}
        answer = run_module("k8s_access_info", options)["answers"][0]
        assert answer["server_allowed"] == answer["allowed"]
        return bool(answer["allowed"])


@pytest.fixture
def serverless(k8s: Kubernetes, tmp_path: Path) -> Iterator[Serverless]:
    await_end_of_namespace(k8s, "kubeless")
    with fresh_namespace(k8s) as namespace:
        yield Serverless(k8s, namespace, tmp_path)


def test_kubeless_there_with_its_functions_then_unchanged_then_gone(serverless: Serverless) -> None:
    cluster, namespace = serverless.cluster, serverless.namespace
    assert serverless.role(check=True).check().changed
    assert "kubeless" not in cluster.kubectl("get", "namespaces")
    assert serverless.role().check().changed
    assert serverless.role().check().changed == []

    function = json.loads(cluster.kubectl("-n", namespace, "get", "function", "hello", "-o", "json"))
    assert function["spec"]["function"] == FUNCTION["function"]
    trigger = json.loads(cluster.kubectl("-n", namespace, "get", "natstrigger", "shell", "-o", "json"))
    assert trigger["spec"] == {"topic": "falco.>", "functionSelector": SELECTOR}
    settings = json.loads(cluster.kubectl("-n", "kubeless", "get", "configmap", "kubeless-config", "-o", "json"))[
        "data"
    ]
    assert settings["functions-namespace"] == namespace
    assert json.loads(settings["runtime-images"])[0]["ID"] == "python"
    secret = json.loads(cluster.kubectl("-n", "kubeless", "get", "secret", "nats-trigger-controller", "-o", "json"))
    assert base64.b64decode(secret["data"]["url"]).startswith(b"nats://")

    # In the namespace of the functions and nowhere else.
    assert serverless.may("controller-acct", "create", "deployments", namespace=namespace)
    assert not serverless.may("controller-acct", "create", "deployments", namespace="default")
    assert not serverless.may("controller-acct", "get", "secrets", namespace=namespace)
    assert not serverless.may("nats-trigger-controller", "create", "deployments", namespace=namespace)

    assert serverless.role(functions=[], nats_triggers=[]).check().changed
    assert "hello" not in cluster.kubectl("-n", namespace, "get", "functions")
    assert serverless.role(state="absent").check().changed
    assert "kubeless.io" not in cluster.kubectl("get", "customresourcedefinitions")
    assert serverless.role(state="absent").check().changed == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"function_controller_image": "kubeless/function-controller:v1.0.8"},
            "Not pinned by a digest: kubeless/function",
        ),
        ({"accept_open_nats": False}, "response_engine_backend: deployment"),
        ({"functions": [{**FUNCTION, "handler": "hello"}]}, "handler 'hello' is not file.function"),
        ({"nats_triggers": [{"name": "n", "function": "none", "topic": "a"}]}, "there is no function 'none'"),
    ],
)
def test_what_is_refused_before_anything_is_touched(
    serverless: Serverless, options: dict[str, Any], words: str
) -> None:
    refused = serverless.role(**options)
    assert refused.rc != 0
    assert words in refused.stdout + refused.stderr
    assert "kubeless" not in serverless.cluster.kubectl("get", "namespaces")


def test_the_schemas_refuse_what_is_written_past_the_role(serverless: Serverless) -> None:
    """Kubeless puts handler, checksum and address into a shell command, unquoted."""
    assert serverless.role(crds_only=True, functions=[], nats_triggers=[]).check().changed
    good = {"handler": "a.b", "function": "x", "function-content-type": "text", "runtime": "python3.8", "timeout": "9"}
    assert serverless.refusal_of("Function", good) == ""
    url = {**good, "function-content-type": "url"}
    assert serverless.refusal_of("Function", {**url, "function": "https://example.com/a.py"}) == ""
    for bad in (
        {**good, "handler": "a.b; id"},
        {**good, "checksum": "sha256:0' > /dev/null; id #"},
        {**good, "timeout": 9},
        {**good, "function-content-type": "tar"},
        {**url, "function": "https://example.com/'; id #"},
    ):
        assert "spec." in serverless.refusal_of("Function", bad), bad
    assert serverless.refusal_of("NATSTrigger", {"topic": "falco.>", "functionSelector": SELECTOR}) == ""
    for wrong in ({"topic": "falco.>", "functionSelector": {}}, {"topic": "a..b", "functionSelector": SELECTOR}, {}):
        assert "spec." in serverless.refusal_of("NATSTrigger", dict(wrong)), wrong
    assert serverless.refusal_of("CronJobTrigger", {"function-name": "a", "schedule": "1 2 3 4 5"}) == ""
    assert "spec.schedule" in serverless.refusal_of("CronJobTrigger", {"function-name": "a", "schedule": "daily"})
    assert serverless.refusal_of("HTTPTrigger", {"function-name": "a", "path": "b"}) == ""
    assert "spec.function-name" in serverless.refusal_of("HTTPTrigger", {"path": "b"})
    stored = yaml.safe_load(serverless.cluster.kubectl("get", "customresourcedefinitions", "-o", "yaml"))["items"]
    for crd in (item for item in stored if item["spec"]["group"] == "kubeless.io"):
        conditions = {item["type"]: item["status"] for item in crd["status"]["conditions"]}
        assert conditions["Established"] == "True"
        assert "NonStructuralSchema" not in conditions
        plain = {key: value for key, value in crd.items() if key != "status"}
        for version in ("1.28", "1.34"):
            kubernetes_validate.validate(plain, version, strict=True)
    assert serverless.role(state="absent").check().changed
