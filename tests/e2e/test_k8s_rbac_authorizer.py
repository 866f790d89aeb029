# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our answers beside the API server's own SubjectAccessReview, question by question."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import PATHS, read_cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.review import review
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Identity
from tests.e2e.rbac_questions import Invention
from tests.lab.kubernetes import Kubernetes

QUESTIONS = 4000
ROLES = 60
BINDINGS = 160


def _path(item: dict[str, Any]) -> str:
    """Where objects of this kind are made, in the namespace of this one."""
    namespace = item["metadata"].get("namespace")
    return PATHS[item["kind"]].replace("/v1/", f"/v1/namespaces/{namespace}/" if namespace else "/v1/")


@pytest.fixture(scope="module")
def invented(k8s: Kubernetes) -> Iterator[tuple[Cluster, Invention]]:
    """A cluster with invented roles and bindings in three namespaces, which its authorizer knows of."""
    cluster = k8s.cluster()
    namespaces = [f"rbac-invented-{number}" for number in range(3)]
    for name in namespaces:
        cluster.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    invention = Invention(20, namespaces)
    objects = invention.objects(ROLES, BINDINGS)
    try:
        in_parallel(lambda item: cluster.request("POST", _path(item), item), objects)
        _await_authorizer(cluster, namespaces[0])
        yield cluster, invention
    finally:
        for name in namespaces:
            cluster.request("DELETE", f"/api/v1/namespaces/{name}")
        in_parallel(
            lambda item: cluster.request("DELETE", f"{_path(item)}/{item['metadata']['name']}"),
            [item for item in objects if item["kind"].startswith("Cluster")] + _sentinels(namespaces[0])[2:],
        )


def _sentinels(namespace: str) -> list[dict[str, Any]]:
    """One more object of each kind, made last: a watch delivers objects of a kind in their order."""
    made = []
    for kind, place in (("Role", {"namespace": namespace}), ("ClusterRole", {})):
        rule = {"verbs": ["get"], "apiGroups": [""], "resources": [f"sentinel-{kind.lower()}"]}
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "rbac-sentinel"}
        subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "sentinel"}]
        metadata = {"name": "rbac-sentinel", **place}
        made += [
            {"kind": kind, "metadata": metadata, "rules": [rule]},
            {"kind": f"{kind}Binding", "metadata": metadata, "roleRef": ref, "subjects": subjects},
        ]
    return made


def _await_authorizer(cluster: Cluster, namespace: str) -> None:
    for item in _sentinels(namespace):
        cluster.request("POST", _path(item), item)
    identity = Identity("sentinel", frozenset())
    for kind, place in (("role", namespace), ("clusterrole", "")):
        request = Request("get", f"sentinel-{kind}", namespace=place)
        assert any(review(cluster, identity, request) for _each in range(1000)), (
            "the API server does not learn of roles"
        )


def test_answers_are_those_of_the_api_server(invented: tuple[Cluster, Invention]) -> None:
    """Roles and bindings of all kinds, those of the cast and the cluster's own included."""
    cluster, invention = invented
    objects = read_cluster(cluster)
    authorizer = Authorizer(objects.roles, objects.bindings)
    questions = [invention.question(authorizer) for _each in range(QUESTIONS)]
    answers = in_parallel(lambda question: review(cluster, *question), questions)
    ours = [authorizer.allowed(*question) for question in questions]
    wrong = [(question, theirs) for question, theirs, own in zip(questions, answers, ours) if theirs != own]
    assert not wrong
    assert min(answers.count(True), answers.count(False)) > QUESTIONS / 10


def test_who_is_the_other_direction(invented: tuple[Cluster, Invention]) -> None:
    """Everybody whom `who` names is allowed by the API server, and nobody else that a binding names is."""
    cluster, invention = invented
    objects = read_cluster(cluster)
    authorizer = Authorizer(objects.roles, objects.bindings)
    everybody = {subject for binding in objects.bindings for subject in binding.counted if subject.kind != "Group"}
    alone = [Identity(subject.username, frozenset()) for subject in sorted(everybody)]
    for _identity, request in (invention.question(authorizer) for _each in range(15)):
        named = {path.subject.username for path in authorizer.who(request) if path.subject.kind != "Group"}
        answers = in_parallel(functools.partial(_asked_of, cluster, request), alone)
        assert {identity.username for identity, allowed in zip(alone, answers) if allowed} == named


def _asked_of(cluster: Cluster, request: Request, identity: Identity) -> bool:
    return review(cluster, identity, request)
