# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicies, and whom they are granted to, as namespace labels and ValidatingAdmissionPolicies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy import cel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.grants import (
    namespaces_of,
    usable_policies,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.policy_shape import (
    check_policy,
    is_name,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.translation import (
    Translation,
    translate,
)

Object = Mapping[str, Any]
_VERSION = re.compile(r"latest|v1\.[0-9]{1,3}")
_ADMISSION = "admissionregistration.k8s.io/v1"
_LABEL = "pod-security.kubernetes.io"
_KINDS = ("PodSecurityPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Namespace")


def migrate(
    objects: Sequence[Object],
    namespaces: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    *,
    version: str = "latest",
    prefix: str = "psp",
    actions: Sequence[str] = ("Deny",),
) -> dict[str, Any]:
    """What the filter psp_to_pod_security returns; its documentation tells the shape.

    objects: PodSecurityPolicies, and where there are any, roles, bindings and namespaces. namespaces: their names, or
    {name: names of the policies that its pods use}. version: of the Pod Security Standards, latest or as in v1.30.
    Raises K8sError.
    """
    policies = _policies(objects)
    if not _VERSION.fullmatch(version):
        raise K8sError(f"version {version!r} is neither latest nor a version of Kubernetes such as v1.30")
    if not is_name(prefix):
        raise K8sError(f"prefix {prefix!r} cannot begin the name of an object: write lower case letters, digits and -")
    grants = _grants(objects, namespaces, policies)
    groups: dict[tuple[str, ...], list[str]] = {}
    for space, names in grants.items():
        groups.setdefault(tuple(names), []).append(space)
    found = {names: translate([policies[name] for name in names], version) for names in groups if names}
    admission = [
        made
        for names, spaces in groups.items()
        if names
        for made in _objects(prefix, names, spaces, found[names], actions)
    ]
    return {
        "policies": [_row(name, translate([policy], version), version) for name, policy in policies.items()],
        "namespaces": [_space(space, names, found.get(tuple(names)), version) for space, names in grants.items()],
        "objects": admission or [one for name in policies for one in _alone(prefix, name, policies[name])],
    }


def _policies(objects: Sequence[Object]) -> dict[str, Object]:
    for thing in objects:
        if thing.get("kind") not in _KINDS:
            raise K8sError(f"{thing.get('kind')} is none of {', '.join(_KINDS)}")
    found: dict[str, Object] = {}
    for policy in (thing for thing in objects if thing["kind"] == "PodSecurityPolicy"):
        check_policy(policy)
        name = policy["metadata"]["name"]
        if found.setdefault(name, policy).get("spec") != policy["spec"]:
            raise K8sError(f"There are two different PodSecurityPolicies {name} among the objects")
    if not found:
        raise K8sError("There is no PodSecurityPolicy among the objects")
    return dict(sorted(found.items()))


def _grants(
    objects: Sequence[Object],
    namespaces: Mapping[str, Sequence[str]] | Sequence[str] | None,
    policies: Mapping[str, Object],
) -> dict[str, list[str]]:
    wrong = [name for name in namespaces or () if not is_name(name)]
    if wrong:
        raise K8sError(f"namespaces: {wrong[0]!r} is not the name of a namespace")
    if isinstance(namespaces, Mapping):
        unknown = sorted({name for names in namespaces.values() for name in names} - set(policies))
        if unknown:
            raise K8sError(f"namespaces: there is no PodSecurityPolicy {', '.join(unknown)} among the objects")
        return {space: sorted(set(names)) for space, names in namespaces.items()}
    return usable_policies(objects, sorted({*(namespaces or ()), *namespaces_of(objects)}))


def labels_of(level: str, version: str) -> dict[str, str]:
    """The labels of a namespace that enforce a level, audit it and warn of it, all at one version."""
    modes = ("enforce", "audit", "warn")
    return {
        **{f"{_LABEL}/{mode}": level for mode in modes},
        **{f"{_LABEL}/{mode}-version": version for mode in modes},
    }


def _row(name: str, found: Translation, version: str) -> dict[str, Any]:
    return {
        "name": name,
        "level": found.level,
        "not_stricter_because": dict(found.obstacles[name]),
        "labels": labels_of(found.level, version),
        "kept_by_policy": [rule.field for rule in found.rules],
        "differences": _differences(found),
    }


def _differences(found: Translation) -> list[dict[str, str]]:
    return [
        {"policy": policy, "field": one.field, "effect": one.effect, "message": one.message}
        for policy, several in found.differences.items()
        for one in several
    ]


def _space(name: str, policies: Sequence[str], found: Translation | None, version: str) -> dict[str, Any]:
    """A namespace whose pods may use no policy could have no pod at all: the strictest level is the nearest to that."""
    level = found.level if found else "restricted"
    return {
        "name": name,
        "policies": list(policies),
        "level": level,
        "labels": labels_of(level, version),
        "kept_by_policy": [rule.field for rule in found.rules] if found else [],
        "differences": _differences(found) if found else [],
    }


def _alone(prefix: str, name: str, policy: Object) -> list[dict[str, Any]]:
    """Where nobody said which namespaces use the policy, there is nothing to bind the rules to."""
    return _objects(prefix, (name,), [], translate([policy]), ())[:1]


def _objects(
    prefix: str, names: Sequence[str], spaces: Sequence[str], found: Translation, actions: Sequence[str]
) -> list[dict[str, Any]]:
    """A ValidatingAdmissionPolicy and its binding, or nothing where the level says it all."""
    if not found.rules:
        return []
    name = ".".join([prefix, *names])[:253].rstrip(".-")
    selector = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": sorted(spaces)}
    spec = {
        "policyName": name,
        "validationActions": list(actions),
        "matchResources": {"namespaceSelector": {"matchExpressions": [selector]}},
    }
    binding = {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": spec,
    }
    return [_admission_policy(name, found), binding]


def _admission_policy(name: str, found: Translation) -> dict[str, Any]:
    pods = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods", "pods/ephemeralcontainers"],
    }
    changed = {"name": "new-or-changed", "expression": 'request.operation == "CREATE" || object.spec != oldObject.spec'}
    return {
        "apiVersion": _ADMISSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [pods]},
            # What is there already must stay manageable: its labels and finalizers can change, its spec cannot.
            "matchConditions": [changed],
            "variables": [{"name": "containers", "expression": cel.ALL_CONTAINERS}],
            "validations": [
                {"expression": rule.expression, "message": f"{rule.field}: {rule.message}", "reason": "Forbidden"}
                for rule in found.rules
            ],
        },
    }
