# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of the levels and who may use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.admission import (
    refusals,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    LEVELS,
    pod_security_policy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.objects import (
    Declaration,
    objects,
)
from tests.e2e.psp_cases import PLAIN, PSP_CASES, seccomp, secured, sysctl, volume

_POD = PSP_CASES[0].pod
_GOOD = {
    "container": {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    }
}


@pytest.mark.parametrize(
    ("says", "strictest"),
    [
        (_GOOD, "restricted"),
        (PLAIN, "restricted"),
        (secured(allowPrivilegeEscalation=True), "baseline"),
        (secured(runAsUser=0), "baseline"),
        (secured(runAsNonRoot=False), "baseline"),
        (secured(capabilities={"add": ["CHOWN"]}), "baseline"),
        (volume(nfs={"server": "n", "path": "/"}), "baseline"),
        (volume(hostPath={"path": "/"}), "privileged"),
        (secured(privileged=True), "privileged"),
        ({"pod": {"hostNetwork": True}}, "privileged"),
        (secured(capabilities={"add": ["NET_RAW"]}), "privileged"),
        (secured(seLinuxOptions={"type": "spc_t"}), "privileged"),
        (seccomp("Unconfined"), "privileged"),
        (sysctl("kernel.msgmax"), "privileged"),
        (sysctl("net.ipv4.tcp_syncookies"), "restricted"),
    ],
)
def test_a_level_lets_in_what_its_standard_lets_in(says: Mapping[str, Any], strictest: str) -> None:
    admitting = [level for level in LEVELS if not refusals(pod_security_policy(level, level), _POD(says))]
    assert admitting == list(LEVELS[: LEVELS.index(strictest) + 1])


def _by_kind(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in found if one["kind"] == kind]


def test_each_namespace_may_use_the_policy_of_its_level_and_no_other() -> None:
    found = objects(Declaration({"web": "restricted", "build": "baseline"}))
    bindings = {one["metadata"]["namespace"]: one for one in _by_kind(found, "RoleBinding")}
    assert set(bindings) == {"web", "build", "kube-system"}
    assert bindings["web"]["roleRef"]["name"] == "bulkhead-restricted-psp"
    assert bindings["web"]["subjects"] == [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:serviceaccounts:web"}
    ]
    roles = {one["metadata"]["name"]: one["rules"] for one in _by_kind(found, "ClusterRole")}
    assert roles["bulkhead-restricted-psp"] == [
        {
            "apiGroups": ["policy"],
            "resources": ["podsecuritypolicies"],
            "resourceNames": ["bulkhead-restricted"],
            "verbs": ["use"],
        }
    ]


def test_the_system_and_its_nodes_keep_the_privileged_policy_whatever_is_declared() -> None:
    found = objects(Declaration({"kube-system": "restricted"}))
    binding = _by_kind(found, "RoleBinding")[0]
    assert binding["roleRef"]["name"] == "bulkhead-privileged-psp"
    assert [subject["name"] for subject in binding["subjects"]] == [
        "system:serviceaccounts:kube-system",
        "system:nodes",
    ]


def test_exemptions_use_the_privileged_policy() -> None:
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ops"}
    found = objects(Declaration({"cni": "restricted"}, exempt_namespaces=["cni"], exempt_subjects=[user]))
    levels = {one["metadata"]["namespace"]: one["roleRef"]["name"] for one in _by_kind(found, "RoleBinding")}
    assert levels["cni"] == "bulkhead-privileged-psp"
    everywhere = _by_kind(found, "ClusterRoleBinding")
    assert [one["subjects"] for one in everywhere] == [[user]]
    assert not _by_kind(objects(Declaration({})), "ClusterRoleBinding")


def test_additions_take_the_place_of_the_level_s_own_fields() -> None:
    additions = {"spec": {"readOnlyRootFilesystem": True, "volumes": ["configMap"]}, "annotations": {"a": "b"}}
    policy = pod_security_policy("p", "restricted", additions)
    assert (policy["spec"]["readOnlyRootFilesystem"], policy["spec"]["volumes"]) == (True, ["configMap"])
    assert policy["metadata"]["annotations"]["a"] == "b"
    assert pod_security_policy("p", "restricted")["spec"]["volumes"] != ["configMap"]


def test_what_the_api_server_would_not_store_is_left_out() -> None:
    spec = pod_security_policy("p", "baseline", {"spec": {"hostPID": False, "hostPorts": []}})["spec"]
    assert not {"hostPID", "hostPorts", "privileged"} & set(spec)
    assert pod_security_policy("p", "restricted")["spec"]["allowPrivilegeEscalation"] is False


@pytest.mark.parametrize(
    ("level", "additions", "said"),
    [
        ("strict", {}, "'strict' is no level"),
        ("baseline", {"spec": {"readOnlyRootFS": True}}, "cannot have readOnlyRootFS"),
    ],
)
def test_a_level_or_a_field_that_does_not_exist_is_refused(level: str, additions: dict[str, Any], said: str) -> None:
    with pytest.raises(K8sError, match=said):
        pod_security_policy("p", level, additions)
