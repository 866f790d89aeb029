# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an admission policy on pods matches, who is exempt, and how it finds the pod in what it matches. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

Json = dict[str, Any]

_PODS = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["pods", "pods/ephemeralcontainers"],
    "scope": "Namespaced",
}
_CONTROLLERS = (
    ("", ["podtemplates", "replicationcontrollers"]),
    ("apps", ["daemonsets", "deployments", "replicasets", "statefulsets"]),
    ("batch", ["cronjobs", "jobs"]),
)
# A refusal there can take the cluster itself down.
SYSTEM_NAMESPACES = ["kube-node-lease", "kube-public", "kube-system"]
# CEL: the annotations of the pod that an object is or makes.
ANNOTATIONS = (
    "object.kind == 'Pod' ? {pod} : (object.kind == 'CronJob' ? {cron_job} : "
    "(object.kind == 'PodTemplate' ? {template} : (has(object.spec.template) ? {other} : {{}})))"
).format(
    **{
        name: f"(has({thing}.metadata) && has({thing}.metadata.annotations) ? {thing}.metadata.annotations : {{}})"
        for name, thing in {
            "pod": "object",
            "cron_job": "object.spec.jobTemplate.spec.template",
            "template": "object.template",
            "other": "object.spec.template",
        }.items()
    }
)
_NAMESPACE_NAME = "kubernetes.io/metadata.name"


def pod_rules() -> list[Json]:
    """The resource rules of pods and of what changes them."""
    return [copy.deepcopy(_PODS)]


def controller_rules() -> list[Json]:
    """The resource rules of what makes pods."""
    return [_rule(group, resources) for group, resources in _CONTROLLERS]


def _rule(group: str, resources: Sequence[str]) -> Json:
    return {**copy.deepcopy(_PODS), "apiGroups": [group], "resources": list(resources)}


def spec_of(thing: str) -> str:
    """CEL: the specification of the pod that an object is or makes; empty where it makes none."""
    template = f"(has({thing}.spec.template) ? {thing}.spec.template.spec : {{}})"
    return (
        f"{thing}.kind == 'Pod' ? {thing}.spec : "
        f"({thing}.kind == 'CronJob' ? {thing}.spec.jobTemplate.spec.template.spec : "
        f"({thing}.kind == 'PodTemplate' ? {thing}.template.spec : {template}))"
    )


def match_conditions(declaration: Mapping[str, Any]) -> list[Json]:
    """Leaves out updates that do not change the pod, and who is exempt. Raises K8sError for what are no names."""
    unchanged = f"({spec_of('object')}) == ({spec_of('oldObject')})"
    found = [{"name": "pod-changes", "expression": f"request.operation != 'UPDATE' || !({unchanged})"}]
    users = _texts(declaration, "exempt_users")
    if users:
        found.append({"name": "user", "expression": f"!(request.userInfo.username in {_list(users)})"})
    groups = _texts(declaration, "exempt_groups")
    if groups:
        expression = f"!has(request.userInfo.groups) || !request.userInfo.groups.exists(g, g in {_list(groups)})"
        found.append({"name": "groups", "expression": expression})
    classes = _texts(declaration, "exempt_runtime_classes")
    if classes:
        spec = f"({spec_of('object')})"
        expression = f"!has({spec}.runtimeClassName) || !({spec}.runtimeClassName in {_list(classes)})"
        found.append({"name": "runtime-class", "expression": expression})
    return found


def namespace_selector(declaration: Mapping[str, Any]) -> Json:
    """The selector of `namespaces`, `exempt_namespaces` and `namespace_selector`. Raises K8sError."""
    selector = declaration.get("namespace_selector") or {}
    if not isinstance(selector, Mapping) or set(selector) - {"matchLabels", "matchExpressions"}:
        raise K8sError("policies: namespace_selector is a mapping of matchLabels and matchExpressions")
    expressions = list(selector.get("matchExpressions") or [])
    for option, operator in (("namespaces", "In"), ("exempt_namespaces", "NotIn")):
        names = _texts({"exempt_namespaces": SYSTEM_NAMESPACES, **declaration}, option)
        if names:
            expressions.append({"key": _NAMESPACE_NAME, "operator": operator, "values": names})
    labels = {"matchLabels": dict(selector["matchLabels"])} if selector.get("matchLabels") else {}
    return {**labels, **({"matchExpressions": expressions} if expressions else {})}


def _texts(declaration: Mapping[str, Any], option: str) -> list[str]:
    value = declaration.get(option) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise K8sError(f"policies: {option} is a list of names")
    return list(value)


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(cel_text(value) for value in values)}]"


def cel_text(value: str) -> str:
    """A text as CEL writes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
