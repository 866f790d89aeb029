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

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.policy_matching import (
    ANNOTATIONS,
    cel_text,
    controller_rules,
    match_conditions,
    namespace_selector,
    pod_rules,
    spec_of,
)
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
DEFAULT_NAME = "bulkhead-pod-rules"
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
    of_pods = _actions(declaration, "validation_actions", ["Deny"])
    of_controllers = _actions(declaration, "controller_actions", ["Warn", "Audit"])
    bindings = [
        _binding(api_version, name, "pods", pod_rules(), of_pods),
        _binding(api_version, name, "controllers", controller_rules(), of_controllers),
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
            "namespaceSelector": namespace_selector(declaration),
            "resourceRules": [*pod_rules(), *controller_rules()],
        },
        "matchConditions": match_conditions(declaration),
        "variables": [
            {"name": "spec", "expression": spec_of("object")},
            {"name": "annotations", "expression": ANNOTATIONS},
            {"name": "lasting", "expression": " + ".join(map(_containers, ("initContainers", "containers")))},
            {"name": "containers", "expression": f"variables.lasting + {_containers('ephemeralContainers')}"},
        ],
        "validations": validations,
    }


def _containers(kind: str) -> str:
    return f"(has(variables.spec.{kind}) ? variables.spec.{kind} : [])"


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
        "messageExpression": f"'containers ' + {names} + {cel_text(': ' + rule.wanted)}",
        "reason": "Forbidden",
    }
