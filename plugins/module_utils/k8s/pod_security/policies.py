# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ValidatingAdmissionPolicies for what the labels of a namespace cannot say. Pure.

One policy judges pods, their ephemeral containers and the templates of what makes pods. One binding puts it into force
for pods; another one, which only warns unless asked for more, for the makers of pods, as Kubernetes does it with its
own standards: their owner hears of it at once, and an old Deployment can still be scaled.
An update that leaves the pod's specification alone always passes: else no finalizer could be taken off a pod that was
there before the policy.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rules import (
    EACH_LASTING,
    POD,
    Rule,
    rules_in_use,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standard_cel import (
    standard_expressions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    LEVELS,
    PRIVILEGED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import LATEST

Json = dict[str, Any]

ACTIONS = ("Deny", "Warn", "Audit")
_OPTIONS = frozenset(
    {
        "name",
        "rules",
        "level",
        "level_version",
        "validation_actions",
        "controller_actions",
        "failure_policy",
        "namespaces",
        "exempt_namespaces",
        "namespace_selector",
        "exempt_users",
        "exempt_groups",
        "exempt_runtime_classes",
    }
)
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
DEFAULT_NAME = "bulkhead-pod-rules"
# A refusal there can take the cluster itself down.
SYSTEM_NAMESPACES = ["kube-node-lease", "kube-public", "kube-system"]
# CEL: the annotations of the pod that an object is or makes.
_ANNOTATIONS = (
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


def policies(declaration: Mapping[str, Any], version: Version) -> list[Json]:
    """The policy and its bindings as objects, nothing where no rule is declared.

    declaration:
        name: of the policy, and the beginning of its bindings' names; default bulkhead-pod-rules.
        rules: as rules.RULES names them.
        level, level_version: a whole level of the Pod Security Standards, for clusters that want exemptions from it
            that labels do not give; default none, at latest.
        validation_actions: for pods, default [Deny]. controller_actions: for what makes pods, default [Warn, Audit].
        failure_policy: Fail (default) or Ignore.
        namespaces, exempt_namespaces: names; without the latter, the system's own are exempt.
        namespace_selector: a label selector that narrows it further.
        exempt_users, exempt_groups, exempt_runtime_classes: who and what is not judged.
    version: of the API server: v1beta1 from 1.28, v1 from 1.30. Raises K8sError for an older one, and for a declaration
    that cannot be used.
    """
    unknown = sorted(set(declaration) - _OPTIONS)
    if unknown:
        raise K8sError(f"policies: there is no option {unknown[0]!r}; there are {', '.join(sorted(_OPTIONS))}")
    validations = [*_of_level(declaration), *(_validation(*each) for each in rules_in_use(declaration.get("rules")))]
    if not validations:
        return []
    api_version = policy_api_version(version)
    name = str(declaration.get("name") or DEFAULT_NAME)
    policy = {
        "apiVersion": api_version,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": _policy_spec(declaration, validations),
    }
    controllers = [_rule(group, resources) for group, resources in _CONTROLLERS]
    bindings = [
        _binding(
            api_version, name, "pods", [copy.deepcopy(_PODS)], _actions(declaration, "validation_actions", ["Deny"])
        ),
        _binding(
            api_version,
            name,
            "controllers",
            controllers,
            _actions(declaration, "controller_actions", ["Warn", "Audit"]),
        ),
    ]
    return [policy, *(binding for binding in bindings if binding["spec"]["validationActions"])]


def policy_api_version(version: Version) -> str:
    """The API version in which a server knows the policies. Raises K8sError where it does not know them."""
    if version.at_least(1, 30):
        return "admissionregistration.k8s.io/v1"
    if version.at_least(1, 28):
        return "admissionregistration.k8s.io/v1beta1"
    raise K8sError(
        f"Kubernetes {version.text} has no ValidatingAdmissionPolicy that can be used here: that takes 1.28 or later"
    )


def _rule(group: str, resources: Sequence[str]) -> Json:
    return {**copy.deepcopy(_PODS), "apiGroups": [group], "resources": list(resources)}


def _binding(api_version: str, name: str, part: str, resource_rules: list[Json], actions: list[str]) -> Json:
    return {
        "apiVersion": api_version,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"{name}-{part}"},
        "spec": {
            "policyName": name,
            "validationActions": actions,
            "matchResources": {"matchPolicy": "Equivalent", "resourceRules": resource_rules},
        },
    }


def _actions(declaration: Mapping[str, Any], option: str, default: list[str]) -> list[str]:
    actions = declaration.get(option)
    if actions is None:
        return default
    if not isinstance(actions, list) or not set(actions) <= set(ACTIONS):
        raise K8sError(f"policies: {option} is a list of {', '.join(ACTIONS)}")
    if {"Deny", "Warn"} <= set(actions):
        raise K8sError(f"policies: {option}: the API server does not take Deny and Warn together")
    return list(actions)


def _policy_spec(declaration: Mapping[str, Any], validations: list[Json]) -> Json:
    failure_policy = declaration.get("failure_policy") or "Fail"
    if failure_policy not in ("Fail", "Ignore"):
        raise K8sError("policies: failure_policy is Fail or Ignore")
    return {
        "failurePolicy": failure_policy,
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": _namespace_selector(declaration),
            "resourceRules": [copy.deepcopy(_PODS), *(_rule(group, resources) for group, resources in _CONTROLLERS)],
        },
        "matchConditions": _match_conditions(declaration),
        "variables": [
            {"name": "spec", "expression": _spec("object")},
            {"name": "annotations", "expression": _ANNOTATIONS},
            {"name": "lasting", "expression": " + ".join(map(_containers, ("initContainers", "containers")))},
            {"name": "containers", "expression": f"variables.lasting + {_containers('ephemeralContainers')}"},
        ],
        "validations": validations,
    }


def _spec(thing: str) -> str:
    """CEL: the specification of the pod that an object is or makes; empty where it makes none."""
    template = f"(has({thing}.spec.template) ? {thing}.spec.template.spec : {{}})"
    return (
        f"{thing}.kind == 'Pod' ? {thing}.spec : "
        f"({thing}.kind == 'CronJob' ? {thing}.spec.jobTemplate.spec.template.spec : "
        f"({thing}.kind == 'PodTemplate' ? {thing}.template.spec : {template}))"
    )


def _containers(kind: str) -> str:
    return f"(has(variables.spec.{kind}) ? variables.spec.{kind} : [])"


def _match_conditions(declaration: Mapping[str, Any]) -> list[Json]:
    unchanged = f"({_spec('object')}) == ({_spec('oldObject')})"
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
        spec = f"({_spec('object')})"
        expression = f"!has({spec}.runtimeClassName) || !({spec}.runtimeClassName in {_list(classes)})"
        found.append({"name": "runtime-class", "expression": expression})
    return found


def _namespace_selector(declaration: Mapping[str, Any]) -> Json:
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
    return f"[{', '.join(_text(value) for value in values)}]"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _of_level(declaration: Mapping[str, Any]) -> list[Json]:
    level = declaration.get("level") or PRIVILEGED
    if level not in LEVELS:
        raise K8sError(f"policies: level is one of {', '.join(LEVELS)}")
    version = str(declaration.get("level_version") or LATEST)
    return [
        {"expression": expression, "message": f"{control.id}: {control.wanted}", "reason": "Forbidden"}
        for control, expression in standard_expressions(level, version)
    ]


def _validation(rule: Rule, value: Any) -> Json:
    good = rule.cel(value)
    if rule.about == POD:
        return {"expression": good, "message": f"pod: {rule.wanted}", "reason": "Forbidden"}
    containers = "variables.lasting" if rule.about == EACH_LASTING else "variables.containers"
    names = f"{containers}.filter(c, !({good})).map(c, c.name).join(', ')"
    return {
        "expression": f"{containers}.all(c, {good})",
        "message": rule.wanted,
        "messageExpression": f"'containers ' + {names} + {_text(': ' + rule.wanted)}",
        "reason": "Forbidden",
    }
