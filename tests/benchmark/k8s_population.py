# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large cluster to audit: Pods of templates and Pods like no other, roles, bindings, Secrets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from tests.lab.kubernetes import Kubernetes

Object = Mapping[str, Any]

_NAMESPACES, _TEMPLATES, _IMAGES, _USERS = 50, 200, 100, 500
_THREADS, _BATCH = 8, 200
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"


def populate(cluster: Kubernetes, *, pods: int, roles: int, secrets: int) -> None:
    """Make so many Pods, half of them of templates, so many roles with a binding each, and so many Secrets."""
    for made in (_homes(), _templates(), _pods(pods), _roles(roles), _secrets(secrets)):
        _create(cluster, made)


def _create(cluster: Kubernetes, made: Iterator[tuple[str, Object]]) -> None:
    def some(batch: list[tuple[str, Object]]) -> None:
        with contextlib.closing(cluster.rest()) as rest:
            for path, body in batch:
                rest.create(path, body)

    batches = iter(lambda: list(islice(made, _BATCH)), [])
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(some, batches))


def _namespace(number: int) -> str:
    return f"bench-{number % _NAMESPACES:02}"


def _homes() -> Iterator[tuple[str, Object]]:
    for number in range(_NAMESPACES):
        yield "/api/v1/namespaces", {"metadata": {"name": _namespace(number)}}
    for number in range(_NAMESPACES):
        yield f"/api/v1/namespaces/{_namespace(number)}/serviceaccounts", {"metadata": {"name": "default"}}


def _spec(number: int) -> dict[str, Any]:
    """No two Pods have the same command and environment; every third keeps its capabilities."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]} if number % 3 else {}}
    container = {
        "name": "main",
        "image": f"registry.test/app-{number % _IMAGES}:1.0",
        "command": ["/app", f"--number={number}"],
        "env": [{"name": "NUMBER", "value": str(number)}, {"name": "LEVEL", "value": "info"}],
        "resources": {"limits": {"memory": "32Mi"}},
        "securityContext": security,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    return {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True},
        "volumes": [{"name": "data", "emptyDir": {}}],
        "containers": [container],
    }


def _template(number: int) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": f"app-{number}"}}, "spec": _spec(number)}


def _owner(kind: str, name: str) -> list[dict[str, Any]]:
    # Nothing collects what has no owner, for there is no controller here.
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-of-{name}", "controller": True}]


def _templates() -> Iterator[tuple[str, Object]]:
    for number in range(_TEMPLATES):
        home = f"/apis/apps/v1/namespaces/{_namespace(number)}"
        spec = {"selector": {"matchLabels": {"app": f"app-{number}"}}, "template": _template(number)}
        yield f"{home}/deployments", {"metadata": {"name": f"app-{number}"}, "spec": spec}
        metadata = {"name": f"app-{number}-1", "ownerReferences": _owner("Deployment", f"app-{number}")}
        yield f"{home}/replicasets", {"metadata": metadata, "spec": spec}


def _pods(count: int) -> Iterator[tuple[str, Object]]:
    for number in range(count):
        owned = number % 2 == 0
        template = number // 2 % _TEMPLATES
        metadata: dict[str, Any] = {"name": f"pod-{number:05}", "labels": {"app": f"app-{template}"}}
        if owned:
            metadata["ownerReferences"] = _owner("ReplicaSet", f"app-{template}-1")
        home = _namespace(template if owned else number)
        yield f"/api/v1/namespaces/{home}/pods", {"metadata": metadata, "spec": _spec(template if owned else number)}


def _roles(count: int) -> Iterator[tuple[str, Object]]:
    for number in range(count):
        home, name = f"{_RBAC}/namespaces/{_namespace(number)}", f"role-{number}"
        resources = ["secrets"] if number % 50 == 0 else ["configmaps", "services"]
        rule = {"apiGroups": [""], "resources": resources, "verbs": ["get", "list"]}
        yield f"{home}/roles", {"metadata": {"name": name}, "rules": [rule]}
        reference = {"apiGroup": _GROUP, "kind": "Role", "name": name}
        subject = {"apiGroup": _GROUP, "kind": "User", "name": f"user-{number % _USERS}"}
        yield f"{home}/rolebindings", {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}


def _secrets(count: int) -> Iterator[tuple[str, Object]]:
    for number in range(count):
        body = {"metadata": {"name": f"secret-{number}"}, "stringData": {"content": "x" * 500}}
        yield f"/api/v1/namespaces/{_namespace(number)}/secrets", body
