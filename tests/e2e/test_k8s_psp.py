# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicy admission of a real API server: what each field of a policy does, and that our model is right."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.admission import (
    admit,
    refusals,
)
from tests.e2e.psp_cases import PSP_CASES, PspCase
from tests.lab.kubernetes import Kubernetes

NAMESPACE = "policies"
# Without these gates the API server forgets the fields before any policy sees them.
GATES = "--feature-gates=ProcMountType=true,GenericEphemeralVolume=true"
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Guarded:
    """An API server with PodSecurityPolicy admission, a ServiceAccount a case, and a user who may use no policy."""

    dev: Cluster

    def create(self, pod: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """(policy, pod as admitted), or ("", {}) where a policy refuses; nothing is stored. Raises for other errors."""
        try:
            answer = self.dev.request(
                "POST", f"/api/v1/namespaces/{NAMESPACE}/pods", dict(pod), query={"dryRun": "All"}
            )
        except ApiStatus as exc:
            if "PodSecurityPolicy: " not in str(exc):
                raise
            return "", {}
        return answer["metadata"]["annotations"]["kubernetes.io/psp"], answer


def _role(name: str, group: str, resource: str, verb: str, names: list[str]) -> dict[str, Any]:
    rule = {
        "apiGroups": [group],
        "resources": [resource],
        "verbs": [verb],
        **({"resourceNames": names} if names else {}),
    }
    meta = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": meta, "rules": [rule]}


def _binding(name: str, subject: Mapping[str, str]) -> dict[str, Any]:
    meta = {"name": name, "namespace": NAMESPACE}
    role = {"apiGroup": _RBAC, "kind": "Role", "name": name}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": role,
        "subjects": [subject],
    }


def _of_case(case: PspCase) -> list[dict[str, Any]]:
    account = {"kind": "ServiceAccount", "name": case.name, "namespace": NAMESPACE}
    return [
        case.policy,
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": case.name, "namespace": NAMESPACE},
            "automountServiceAccountToken": False,
        },
        _role(case.name, "policy", "podsecuritypolicies", "use", [case.name]),
        _binding(case.name, account),
    ]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with Kubernetes("api", api_flags=[GATES], admission=["PodSecurityPolicy"]) as k8s:
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        dev = {"kind": "User", "name": "dev", "apiGroup": _RBAC}
        pods = [_role("pods", "", "pods", "create", []), _binding("pods", dev)]
        classes = [
            {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": name}
            for name in ("gvisor", "kata")
        ]
        k8s.kubectl_apply([space, *classes, *pods, *(thing for case in PSP_CASES for thing in _of_case(case))])
        found = Guarded(k8s.cluster(k8s.user("dev")))
        _wait_until_all_is_known(found)
        yield found


def _wait_until_all_is_known(guarded: Guarded) -> None:
    """Until the caches of admission and authorization hold every policy and binding."""
    deadline = time.monotonic() + 30
    for case in PSP_CASES:
        while not guarded.create(case.pod(case.allowed[0]))[0]:
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)


_ALLOWED = [(case, says) for case in PSP_CASES for says in case.allowed]
_REFUSED = [(case, says) for case in PSP_CASES for says in case.refused]


def _label(value: object) -> str:
    return value.name if isinstance(value, PspCase) else json.dumps(value)[:60]


@pytest.mark.parametrize(("case", "says"), _ALLOWED, ids=_label)
def test_a_policy_admits_what_its_field_allows(guarded: Guarded, case: PspCase, says: Mapping[str, Any]) -> None:
    policy, pod = guarded.create(case.pod(says))
    assert policy == case.name
    model = admit([case.policy], case.pod(says))
    assert model.policy == case.name
    _assert_same_settings(model.pod, pod)


@pytest.mark.parametrize(("case", "says"), _REFUSED, ids=_label)
def test_a_policy_refuses_what_its_field_forbids(guarded: Guarded, case: PspCase, says: Mapping[str, Any]) -> None:
    assert guarded.create(case.pod(says)) == ("", {})
    assert refusals(case.policy, case.pod(says)) == (case.refused_by,)


def _assert_same_settings(model: Mapping[str, Any], real: Mapping[str, Any]) -> None:
    """What the policy has set in the pod, field by field."""
    for section in ("securityContext", "runtimeClassName"):
        assert _said(model["spec"].get(section)) == _said(real["spec"].get(section))
    mine, theirs = (pod["spec"]["containers"][0].get("securityContext") for pod in (model, real))
    assert _said({"procMount": "Default", **(mine or {})}) == _said({"procMount": "Default", **(theirs or {})})


def _said(settings: Any) -> Any:
    """Without what is empty, and without what the API server derives from annotations."""
    if not isinstance(settings, dict):
        return settings
    return {
        key: _said(value) for key, value in settings.items() if value not in (None, [], {}) and key != "seccompProfile"
    }
