# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the webhook: restricted, without a token, and complete."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import AdmissionError
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.workload import workload

IMAGE = "registry.example.com/admission@sha256:" + "a" * 64


def objects(**declared: Any) -> dict[str, dict[str, Any]]:
    found = workload({"image": IMAGE, **declared})
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


def test_the_pod_is_restricted_and_has_no_token() -> None:
    found = objects()
    pod = found["Deployment/bulkhead-admission"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "podAntiAffinity" in pod["affinity"]
    assert found["PodDisruptionBudget/bulkhead-admission"]["spec"]["maxUnavailable"] == 1


def test_one_pod_has_no_budget_and_what_is_not_wanted_is_not_there() -> None:
    found = objects(replicas=1, network_policy=False, create_namespace=False)
    assert not {key.partition("/")[0] for key in found} & {"PodDisruptionBudget", "NetworkPolicy", "Namespace"}


def test_its_own_namespace_is_told_by_its_name_before_1_21() -> None:
    labels = objects(namespace="guard")["Namespace/guard"]["metadata"]["labels"]
    assert labels["kubernetes.io/metadata.name"] == "guard"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_change_of_the_configuration_rolls_the_pods_and_one_of_secrets_does_not() -> None:
    def sums(**declared: Any) -> Any:
        return objects(**declared)["Deployment/bulkhead-admission"]["spec"]["template"]["metadata"]["annotations"]

    before = sums(secrets={"scanner_password": "b2xk"})
    assert sums(secrets={"scanner_password": "bmV3"}) == before
    assert "b2xk" not in str(before)
    assert sums(secrets={"scanner_password": "b2xk"}, settings={"policy_id": "p"}) != before


def test_code_in_a_config_map_lies_where_python_looks_for_it() -> None:
    found = objects(code={"bulkhead_admission/__init__.py": "", "ansible_collections/a/b.py": "x"})
    assert found["ConfigMap/bulkhead-admission-code"]["data"]["ansible_collections.a.b.py"] == "x"
    pod = found["Deployment/bulkhead-admission"]["spec"]["template"]["spec"]
    code = next(volume["configMap"] for volume in pod["volumes"] if volume["name"] == "code")
    assert {"key": "ansible_collections.a.b.py", "path": "ansible_collections/a/b.py"} in code["items"]
    assert pod["containers"][0]["workingDir"] == "/opt/bulkhead-admission"


def test_without_an_image_there_is_nothing_to_run() -> None:
    with pytest.raises(AdmissionError, match="image is missing"):
        workload({})
