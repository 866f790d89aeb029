# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicies become levels, labels and ValidatingAdmissionPolicies, and what is lost is said."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.psp_to_pod_security import (
    FilterModule,
    psp_to_pod_security,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    LEVELS,
    pod_security_policy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.objects import (
    Declaration,
    objects,
)

_NOT_ROOT = {"rule": "MustRunAs", "ranges": [{"min": 1000, "max": 2000}]}


def _policy(name: str = "p", level: str = "restricted", **spec: Any) -> dict[str, Any]:
    return pod_security_policy(name, level, {"spec": spec})


def _first(policy: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = psp_to_pod_security(policy)["policies"][0]
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_the_policy_of_a_level_corresponds_to_that_level(level: str) -> None:
    assert _first(pod_security_policy("p", level))["level"] == level


@pytest.mark.parametrize(
    ("level", "spec", "expected", "field"),
    [
        ("restricted", {"privileged": True}, "privileged", "privileged"),
        ("restricted", {"hostNetwork": True}, "privileged", "hostNetwork"),
        ("restricted", {"hostPID": True}, "privileged", "hostPID"),
        ("restricted", {"hostIPC": True}, "privileged", "hostIPC"),
        ("baseline", {"hostPorts": [{"min": 80, "max": 80}]}, "privileged", "hostPorts"),
        ("baseline", {"hostPorts": [{"min": 0, "max": 0}]}, "baseline", ""),
        ("baseline", {"allowedCapabilities": ["NET_ADMIN"]}, "privileged", "allowedCapabilities"),
        ("baseline", {"defaultAddCapabilities": ["NET_ADMIN"]}, "privileged", "allowedCapabilities"),
        ("restricted", {"volumes": ["configMap", "hostPath"]}, "privileged", "volumes"),
        ("baseline", {"allowedProcMountTypes": ["Unmasked"]}, "privileged", "allowedProcMountTypes"),
        ("baseline", {"allowedUnsafeSysctls": ["kernel.msg*"]}, "privileged", "allowedUnsafeSysctls"),
        ("restricted", {"seLinux": {"rule": "RunAsAny"}}, "restricted", ""),
        ("restricted", {"volumes": ["nfs"]}, "baseline", "volumes"),
        ("restricted", {"allowedCapabilities": ["CHOWN"]}, "baseline", "allowedCapabilities"),
        ("restricted", {"requiredDropCapabilities": ["KILL"]}, "baseline", "requiredDropCapabilities"),
        ("restricted", {"runAsUser": {"rule": "RunAsAny"}}, "baseline", "runAsUser"),
        ("restricted", {"runAsUser": _NOT_ROOT}, "restricted", ""),
        ("restricted", {"allowPrivilegeEscalation": True}, "baseline", "allowPrivilegeEscalation"),
    ],
)
def test_a_field_rules_a_level_out_and_is_named(level: str, spec: dict[str, Any], expected: str, field: str) -> None:
    found = _first(_policy(level=level, **spec))
    assert found["level"] == expected
    assert not field or field in found["not_stricter_because"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"runAsGroup": _NOT_ROOT}, "runAsGroup"),
        ({"supplementalGroups": _NOT_ROOT}, "supplementalGroups"),
        ({"fsGroup": _NOT_ROOT}, "fsGroup"),
        ({"readOnlyRootFilesystem": True}, "readOnlyRootFilesystem"),
        ({"allowedFlexVolumes": [{"driver": "d"}]}, "allowedFlexVolumes"),
        ({"allowedCSIDrivers": [{"name": "d"}]}, "allowedCSIDrivers"),
        ({"forbiddenSysctls": ["net.*"]}, "forbiddenSysctls"),
        ({"runtimeClass": {"allowedRuntimeClassNames": ["gvisor"]}}, "runtimeClass"),
        ({"runAsUser": _NOT_ROOT}, "runAsUser"),
        ({"volumes": ["configMap", "hostPath"], "allowedHostPaths": [{"pathPrefix": "/srv"}]}, "allowedHostPaths"),
        ({"volumes": ["configMap"]}, "volumes"),
    ],
)
def test_what_a_level_cannot_say_is_kept_by_a_valid_admission_policy(spec: dict[str, Any], field: str) -> None:
    result = psp_to_pod_security(_policy(**spec), {"web": ["p"]})
    assert field in result["namespaces"][0]["kept_by_policy"]
    policy, binding = result["objects"]
    assert any(row["message"].startswith(f"{field}: ") for row in policy["spec"]["validations"])
    assert binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"][0]["values"] == ["web"]
    for thing in (policy, binding):
        kubernetes_validate.validate(thing, "1.30", strict=True)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"defaultAddCapabilities": ["NET_BIND_SERVICE"]}, "defaultAddCapabilities"),
        ({"requiredDropCapabilities": ["ALL"]}, "requiredDropCapabilities"),
        ({"runAsUser": _NOT_ROOT}, "runAsUser"),
        ({"runAsGroup": _NOT_ROOT}, "runAsGroup"),
        ({"supplementalGroups": _NOT_ROOT}, "supplementalGroups"),
        ({"fsGroup": _NOT_ROOT}, "fsGroup"),
        ({"readOnlyRootFilesystem": True}, "readOnlyRootFilesystem"),
        ({"allowPrivilegeEscalation": False}, "allowPrivilegeEscalation"),
        ({"defaultAllowPrivilegeEscalation": False}, "defaultAllowPrivilegeEscalation"),
        ({"seLinux": {"rule": "MustRunAs", "seLinuxOptions": {"level": "s0:c1,c2"}}}, "seLinux"),
        ({"runtimeClass": {"allowedRuntimeClassNames": ["a"], "defaultRuntimeClassName": "a"}}, "runtimeClass"),
        ({}, "seccomp"),
    ],
)
def test_what_the_policy_set_in_pods_is_told(spec: dict[str, Any], field: str) -> None:
    told = {(row["field"], row["effect"]) for row in _first(_policy(**spec))["differences"]}
    assert (field, "mutation") in told


def test_namespaces_get_the_labels_of_the_policies_that_their_pods_may_use() -> None:
    declared = objects(Declaration({"web": "restricted", "build": "baseline"}))
    spaces = {row["name"]: row for row in psp_to_pod_security(declared, version="v1.30")["namespaces"]}
    assert {name: row["level"] for name, row in spaces.items()} == {
        "web": "restricted",
        "build": "baseline",
        "kube-system": "privileged",
    }
    assert spaces["web"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "v1.30",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/audit-version": "v1.30",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.30",
    }


def test_pods_that_may_use_several_policies_need_to_meet_one_of_them() -> None:
    several = [_policy("a", runAsGroup=_NOT_ROOT), _policy("b", "baseline", readOnlyRootFilesystem=True)]
    space = psp_to_pod_security(several, {"web": ["a", "b"]})["namespaces"][0]
    assert (space["level"], space["policies"]) == ("baseline", ["a", "b"])
    assert not {"runAsGroup", "readOnlyRootFilesystem"} & set(space["kept_by_policy"])
    assert {"runAsGroup", "readOnlyRootFilesystem"} <= {
        row["field"] for row in space["differences"] if row["effect"] == "looser" and row["policy"] == ""
    }


def test_a_namespace_whose_pods_may_use_no_policy_gets_the_strictest_level() -> None:
    assert psp_to_pod_security(_policy(), ["idle"])["namespaces"][0]["level"] == "restricted"


def test_a_list_as_kubectl_prints_it_is_taken() -> None:
    listing = {"apiVersion": "v1", "kind": "List", "items": [_policy("x")]}
    assert [row["name"] for row in psp_to_pod_security(listing)["policies"]] == ["x"]


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ("text", {}, "must be a PodSecurityPolicy or a list"),
        ([{"kind": "Pod"}], {}, "Pod is none of"),
        ([], {}, "no PodSecurityPolicy among"),
        (_policy(), {"version": "1.30"}, "neither latest nor"),
        (_policy(), {"namespaces": {"web": ["q"]}}, "no PodSecurityPolicy q"),
        (_policy(), {"namespaces": "web"}, "must be a list of names"),
        (_policy(), {"actions": ["Refuse"]}, "Refuse is not of"),
        ({"kind": "PodSecurityPolicy", "spec": object()}, {}, "no plain data"),
        (_policy(), {"actions": "Deny"}, "actions: nothing is not of .*; write a list"),
        (_policy(), {"actions": ["Deny", "Warn"]}, "does not take Deny and Warn together"),
        (_policy(), {"prefix": "Bad_"}, "prefix 'Bad_' cannot begin"),
        (_policy(), {"namespaces": ["Web_"]}, "namespaces: 'Web_' is not the name"),
        ({"kind": "PodSecurityPolicy", "spec": {}}, {}, "no metadata.name"),
        ({"kind": "PodSecurityPolicy", "metadata": {"name": "p"}, "spec": "text"}, {}, "p: spec is not a mapping"),
        ([_policy(), _policy(privileged=True)], {}, "two different PodSecurityPolicies p"),
        (_policy(hostPorts=[{}]), {}, "spec.hostPorts is not a list of min and max"),
        (_policy(volumes="*"), {}, "spec.volumes is not a list of strings"),
        (_policy(volumes=["a) || true || (has(v.a"]), {}, "spec.volumes names no types of volumes"),
        (_policy(allowedCapabilities="SYS_ADMIN"), {}, "spec.allowedCapabilities is not a list of strings"),
        (_policy(privileged="yes"), {}, "spec.privileged is neither true nor false"),
        (_policy(runAsUser={"rule": "Anyone"}), {}, "spec.runAsUser has no rule of MustRunAs"),
        (_policy(fsGroup={"rule": "MustRunAs", "ranges": [1]}), {}, "spec.fsGroup has ranges that are not a list"),
        (_policy(volumes=["hostPath"], allowedHostPaths=[{}]), {}, "spec.allowedHostPaths is not a list of pathPrefix"),
    ],
)
def test_what_cannot_be_translated_is_refused_with_one_sentence(given: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        FilterModule().filters()["psp_to_pod_security"](given, **options)


@pytest.mark.parametrize(("version", "told"), [("v1.33", False), ("v1.34", True), ("latest", True)])
def test_what_comes_with_a_later_version_of_the_standards_is_left_out(version: str, told: bool) -> None:
    differences = psp_to_pod_security(_policy(), version=version)["policies"][0]["differences"]
    assert ("probeHost" in {row["field"] for row in differences}) == told
