# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run k8s_applyset against a cluster of the lab, and objects to run it with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.modules import k8s_applyset
from tests.lab.kubernetes import Kubernetes

Object = dict[str, Any]
PART_OF = "applyset.kubernetes.io/part-of"


@dataclass
class _Module:
    """The part of an AnsibleModule that a run of ours uses: a process for each run would cost half a second."""

    params: dict[str, Any]
    check_mode: bool
    _diff: bool = True
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Keep a warning for the result."""
        self.warnings.append(text)


def apply(
    k8s: Kubernetes, name: str, namespace: str, definitions: Any = None, *, check: bool = False, **options: Any
) -> dict[str, Any]:
    """The module's result, with the difference; the parent is in the same namespace."""
    given = {"name": name, "namespace": namespace, "definitions": definitions, **options}
    if "host" not in given:
        given.setdefault("kubeconfig", str(k8s.kubeconfig))
    defaults = {option: spec.get("default") for option, spec in k8s_applyset.argument_spec().items()}
    module: Any = _Module({**defaults, **given}, check)
    try:
        result, failure = k8s_applyset.run(module, connect(module.params))
    except K8sError as exc:
        return {"failed": True, "msg": str(exc)}
    failing = {"failed": True, "msg": failure} if failure else {}
    return {**result, **failing, "warnings": module.warnings}


def actions(result: dict[str, Any]) -> dict[str, str]:
    """{"Kind/name": action}, for a run that did not fail before it looked at objects."""
    assert "objects" in result, result.get("msg")
    return {f"{item['kind']}/{item['name']}": item["action"] for item in result["objects"]}


def ok(result: dict[str, Any]) -> dict[str, Any]:
    """The result of a run that did not fail."""
    assert not result.get("failed"), result["msg"]
    return result


def failed(result: dict[str, Any]) -> str:
    """The message of a run that failed."""
    assert result.get("failed"), actions(result)
    return str(result["msg"])


def live(k8s: Kubernetes, kind: str, name: str, namespace: str | None = None) -> Object | None:
    """An object as kubectl sees it."""
    where = ["-n", namespace] if namespace else []
    text = k8s.kubectl("get", kind, name, *where, "-o", "json", "--ignore-not-found")
    found: Object | None = json.loads(text) if text else None
    return found


def config_map(name: str, namespace: str, **data: str) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def secret(name: str, namespace: str, **texts: str) -> Object:
    """A Secret of plain texts."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": texts}


def a_namespace(name: str) -> Object:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def role(name: str, namespace: str) -> Object:
    """A Role that reads pods."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": [rule]}


def deployment(name: str, namespace: str, **container: Any) -> Object:
    """A Deployment of one replica with quantities that a server writes in another way."""
    labels = {"app": name}
    resources = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
    main = {"name": "main", "image": "lab/base:1.0", "ports": [{"containerPort": 80}], "resources": resources}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{**main, **container}]}},
        },
    }


def crd(plural: str, kind: str, group: str) -> Object:
    """A CustomResourceDefinition of a namespaced kind."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    names = {"plural": plural, "singular": kind.lower(), "kind": kind}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": versions},
    }


def paths(result: dict[str, Any], name: str) -> Sequence[str]:
    """The paths of the fields that differed in the object of this name."""
    return [field["path"] for item in result["objects"] if item["name"] == name for field in item["fields"]]
