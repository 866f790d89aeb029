# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role k8s_network_policy and k8s_network_policy_info on a real API server, which stores policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import fresh_namespace
from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.kubernetes import Kubernetes

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.k8s_network_policy]
"""


def pod(namespace: str, name: str) -> dict[str, Any]:
    container = {"name": "c", "image": "x", "ports": [{"name": "db", "containerPort": 5432}]}
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


class Shop:
    """Two namespaces with pods, and the role to run on them."""

    def __init__(self, cluster: Kubernetes, shop: str, blog: str, folder: Path) -> None:
        self.cluster, self.shop, self.blog = cluster, shop, blog
        self.playbook = folder / "play.yml"
        self.playbook.write_text(PLAY)
        cluster.kubectl_apply([pod(shop, "web"), pod(shop, "db"), pod(blog, "web")])

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        declared = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "name": f"set-{self.shop}",
            "set_namespace": self.shop,
            "dns_namespace_labels": {"system": "yes"},
            "namespaces": [{"name": self.shop}],
            "flows": [
                {
                    "from": {"namespace": self.shop, "pods": {"app": "web"}},
                    "to": {"namespace": self.shop, "pods": {"app": "db"}},
                    "ports": ["db"],
                }
            ],
            **options,
        }
        variables = {f"k8s_network_policy_{name}": value for name, value in declared.items()}
        return run_playbook(self.playbook, extra_vars=variables, check=check, diff=True)

    def policies(self) -> set[str]:
        names = self.cluster.kubectl("-n", self.shop, "get", "networkpolicies", "-o", "name").split()
        return {name.rpartition("/")[2] for name in names}

    def info(self, **options: Any) -> dict[str, Any]:
        return run_module("k8s_network_policy_info", {"kubeconfig": str(self.cluster.kubeconfig), **options})

    def allowed(self, *questions: tuple[tuple[str, str], tuple[str, str], int]) -> list[bool]:
        """Whether the pod (namespace, name) may connect to the other one at the port, for each question."""
        asked = [
            {
                "source": {"namespace": source[0], "pod": source[1]},
                "destination": {"namespace": target[0], "pod": target[1]},
                "port": port,
            }
            for source, target, port in questions
        ]
        return [answer["allowed"] for answer in self.info(connections=asked)["connections"]]


@pytest.fixture
def shop(k8s: Kubernetes, tmp_path: Path) -> Iterator[Shop]:
    with fresh_namespace(k8s) as one, fresh_namespace(k8s) as two:
        k8s.kubectl("label", "namespace", "kube-system", "system=yes", "--overwrite")
        yield Shop(k8s, one, two, tmp_path)
        k8s.kubectl("label", "namespace", "kube-system", "system-")


def test_declared_flows_pass_and_nothing_else_until_the_set_is_gone(shop: Shop) -> None:
    web, db, stranger = (shop.shop, "web"), (shop.shop, "db"), (shop.blog, "web")
    questions = [(web, db, 5432), (web, db, 22), (db, web, 5432), (stranger, db, 5432)]
    assert shop.allowed(*questions) == [True] * 4

    assert shop.role(check=True).check().changed
    assert shop.policies() == set()
    done = shop.role().check()
    assert done.changed
    assert "enforces none of them" in done.stdout
    made = shop.policies()
    assert {"bulkhead-default-deny", "bulkhead-allow-dns"} < made
    assert len(made) == 4
    assert shop.role().check().changed == []

    assert shop.allowed(*questions) == [True, False, False, False]
    facts = shop.info(namespaces=[shop.shop])["namespaces"][0]
    assert facts["network_default_deny_ingress"]
    assert facts["network_default_deny_egress"]
    assert facts["network_open_ingress"] == facts["network_without_dns"] == []

    # What a person adds stays, what they change comes back, and what left the declaration goes.
    own = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}
    shop.cluster.kubectl_apply([{**own, "metadata": {"name": "mine", "namespace": shop.shop}}])
    shop.cluster.kubectl("-n", shop.shop, "delete", "networkpolicy", "bulkhead-default-deny")
    assert shop.role(flows=[]).check().changed
    assert shop.policies() == {"mine", "bulkhead-default-deny", "bulkhead-allow-dns"}

    assert shop.role(state="absent").check().changed
    assert shop.policies() == {"mine"}
    assert shop.role(state="absent").check().changed == []


def test_the_preflight_names_gaps_and_stops_before_anything_is_touched(shop: Shop) -> None:
    flow = {"from": {"namespace": shop.blog}, "to": {"namespace": shop.shop, "pods": {"app": "dbb"}}}
    stopped = shop.role(flows=[flow])
    assert stopped.rc != 0
    assert f"no namespace with kubernetes.io/metadata.name={shop.blog}" in stopped.stdout
    assert shop.policies() == set()
    told = shop.role(flows=[flow], on_gaps="warn", check=True).check()
    assert "policies that select no running pod" in told.stdout
    shop.cluster.kubectl("label", "namespace", shop.blog, f"kubernetes.io/metadata.name={shop.blog}")
    assert shop.role(flows=[flow], check=True).check().changed


def test_what_cannot_be_meant_is_refused(shop: Shop) -> None:
    refused = shop.role(namespaces=[{"name": "kube-system"}])
    assert refused.rc != 0
    assert "one of the cluster itself" in refused.stdout + refused.stderr
    assert shop.policies() == set()


def test_policies_can_be_judged_before_they_are_applied(shop: Shop) -> None:
    deny = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": shop.shop},
        "spec": {"podSelector": {}},
    }
    question = {
        "source": {"ip": "192.0.2.1"},
        "destination": {"namespace": shop.shop, "labels": {"app": "db"}},
        "port": 5432,
    }
    told = shop.info(namespaces=[shop.shop], definitions=[deny], connections=[question])
    assert told["namespaces"][0]["network_default_deny_ingress"]
    assert told["connections"][0]["denied_by"] == ["ingress"]
    assert shop.info(connections=[question])["connections"][0]["allowed"]
    assert shop.policies() == set()
    assert "each is a NetworkPolicy" in shop.info(definitions=[{**deny, "kind": "Pod"}])["msg"]
    assert json.dumps(told)
