# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role response_engine on a real API server: what it brings, what it refuses, and what its engine may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import await_end_of_namespace, fresh_namespace
from tests.e2e.response_role import ACCOUNT, NAMESPACE, EngineRole, identity_files
from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

SHELL = {"rules": ["Terminal shell in container"]}
Right = tuple[str, str, str, str]
"""(namespace or "*", group, resource, verb)"""


def rule(*steps: dict[str, Any], name: str = "shell", **more: Any) -> dict[str, Any]:
    return {"name": name, "match": SHELL, "steps": list(steps), **more}


DELETE = rule({"action": "delete_pod", "params": {"grace_period_seconds": 0}})


@pytest.fixture
def shop(k8s: Kubernetes) -> Iterator[str]:
    with fresh_namespace(k8s) as name:
        yield name


@pytest.fixture
def engine(k8s: Kubernetes, shop: str, tmp_path: Path) -> EngineRole:
    await_end_of_namespace(k8s, NAMESPACE)
    nats = {"servers": ["tls://nats:4222"], **identity_files(tmp_path)}
    return EngineRole(k8s, tmp_path, nats=nats, allowed_namespaces=[shop], rules=[DELETE], wait_timeout=0)


def rights(cluster: Kubernetes) -> set[Right]:
    """Whatever the engine's account may do beyond what every account may, by each binding that there is."""
    question = {"subject": f"ServiceAccount:{NAMESPACE}/{ACCOUNT}"}
    options = {"kubeconfig": str(cluster.kubeconfig), "questions": [question]}
    found = run_module("k8s_access_info", options)["answers"][0]["rules"]
    own = [item for item in found if item["subject"]["kind"] == "ServiceAccount"]
    return {
        (item["namespace"] or "*", group, resource, verb)
        for item in own
        for group in item["rule"]["apiGroups"]
        for resource in item["rule"]["resources"]
        for verb in item["rule"]["verbs"]
    }


def server_allows(cluster: Kubernetes, *asked: Right) -> set[Right]:
    """Those of them that the API server itself allows the account, by SubjectAccessReview."""
    subject = f"ServiceAccount:{NAMESPACE}/{ACCOUNT}"
    questions = [
        {"subject": subject, "namespace": namespace, "api_group": group, "resource": resource, "verb": verb}
        for namespace, group, resource, verb in asked
    ]
    options = {"kubeconfig": str(cluster.kubeconfig), "questions": questions, "verify": True}
    answers = run_module("k8s_access_info", options)["answers"]
    return {right for right, answer in zip(asked, answers, strict=True) if answer["server_allowed"]}


def test_the_engine_is_brought_then_unchanged_then_gone(engine: EngineRole) -> None:
    assert engine.run(check=True).check().changed
    assert NAMESPACE not in engine.cluster.kubectl("get", "namespaces")
    done = engine.run().check()
    assert done.changed
    assert "secret of" not in done.stdout + done.stderr
    assert engine.run().check().changed == []

    template = engine.get("deployment", ACCOUNT)["spec"]["template"]
    pod, container = template["spec"], template["spec"]["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not engine.get("serviceaccount", ACCOUNT)["automountServiceAccountToken"]
    config = json.loads(engine.get("configmap", f"{ACCOUNT}-config")["data"]["config.json"])
    assert config["nats"]["nkey_seed_file"] == f"/etc/{ACCOUNT}/secrets/nats.seed"
    policy = engine.get("networkpolicy", ACCOUNT)["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert not policy.get("ingress")

    # Another rule rolls the pods; more of them get a budget; an ingest is a Service, for those who are named.
    before = template["metadata"]["annotations"]
    files = identity_files(engine.playbook.parent)
    ingest = {"cert_file": files["cert_file"], "key_file": files["key_file"], "token_file": files["nkey_seed_file"]}
    more: dict[str, Any] = {
        "replicas": 2,
        "ingest": ingest,
        "ingest_from": [{"podSelector": {"matchLabels": {"app": "falco"}}}],
    }
    assert engine.run(**more, limits={"dedup_seconds": 5}).check().changed
    after = engine.get("deployment", ACCOUNT)["spec"]["template"]["metadata"]["annotations"]
    assert before["bulkhead/config-sum"] != after["bulkhead/config-sum"]
    assert before["bulkhead/code-sum"] == after["bulkhead/code-sum"]
    assert engine.get("poddisruptionbudget", ACCOUNT)["spec"]["maxUnavailable"] == 1
    assert engine.get("service", ACCOUNT)["spec"]["ports"][0]["port"] == 2801
    assert engine.get("networkpolicy", ACCOUNT)["spec"]["ingress"][0]["ports"] == [
        {"port": "ingest", "protocol": "TCP"}
    ]

    assert engine.run(state="absent").check().changed
    assert rights(engine.cluster) == set()


def test_its_account_may_do_what_its_rules_need_and_nothing_more(engine: EngineRole, shop: str) -> None:
    with fresh_namespace(engine.cluster) as blog:
        rules = [
            DELETE,
            rule({"action": "label_pod", "params": {"labels": {"seen": "yes"}}}, name="look", dry_run=True),
            {"name": "cordon", "match": {"namespaces": [blog]}, "steps": [{"action": "cordon_node"}]},
        ]
        assert engine.run(allowed_namespaces=[shop, blog], rules=rules).check().changed
        expected: set[Right] = {(where, "", "pods", verb) for where in (shop, blog) for verb in ("get", "delete")}
        expected |= {("*", "", "nodes", verb) for verb in ("get", "list", "patch")}
        assert rights(engine.cluster) == expected
        resources = [("", "pods"), ("", "secrets"), ("", "pods/exec"), ("rbac.authorization.k8s.io", "roles")]
        asked = [
            (namespace, group, resource, verb)
            for namespace in (shop, blog, "kube-system", NAMESPACE)
            for group, resource in resources
            for verb in ("get", "delete", "patch", "create")
        ]
        assert server_allows(engine.cluster, *asked) == expected & set(asked)

        # A dry run takes away what changes something; a pattern is granted everywhere, and says so by its kind.
        assert engine.run(allowed_namespaces=[shop], rules=[DELETE], dry_run=True).check().changed
        assert rights(engine.cluster) == {(shop, "", "pods", "get")}
        assert engine.run(allowed_namespaces=["test-*"], rules=[DELETE]).check().changed
        assert rights(engine.cluster) == {("*", "", "pods", "get"), ("*", "", "pods", "delete")}
    engine.run(state="absent").check()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"image": "registry.example.com/engine:1.0", "allow_unpinned": False}, "Name an image by its digest"),
        (
            {"rules": [rule({"action": "delete_pod", "params": {"grace_period": 0}})]},
            "did you mean grace_period_seconds?",
        ),
        (
            {"rules": [rule({"notify": "webhook", "params": {"url_file": f"/etc/{ACCOUNT}/secrets/hook"}})]},
            "rules name secrets that response_engine_secrets does not have: hook",
        ),
    ],
)
def test_what_is_refused_before_anything_is_touched(engine: EngineRole, options: dict[str, Any], words: str) -> None:
    refused = engine.run(**options)
    assert refused.rc != 0
    assert words in refused.stdout + refused.stderr
    assert "k8s_applyset" not in {task["action"].rpartition(".")[2] for task in refused.tasks}
