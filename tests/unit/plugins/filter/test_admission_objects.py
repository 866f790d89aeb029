# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter admission_objects: what API servers old and new take, and what cannot be meant."""

from __future__ import annotations

import kubernetes_validate
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.admission_objects import admission_objects

DECLARED = {
    "image": "registry.example.com/admission@sha256:" + "a" * 64,
    "settings": {"scanner": {"kind": "verdicts"}},
    "secrets": {"verdicts.json": "e30="},
    "tls": {"cert.pem": "eA==", "key.pem": "eA=="},
    "ca_bundle": "PEM",
    "code": {"bulkhead_admission/__init__.py": ""},
    "tolerations": [{"operator": "Exists"}],
    "node_selector": {"kubernetes.io/os": "linux"},
    "policies": [{"name": "strict", "policy_id": "s", "namespaces": ["shop"]}],
    "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
    "metrics_from": [{"podSelector": {}}],
    "object_selector": {"matchLabels": {"a": "b"}},
}


@pytest.mark.parametrize("minor", [25, 36])
def test_api_servers_old_and_new_take_the_objects(minor: int) -> None:
    made = admission_objects(DECLARED)
    for manifest in [*made["workload"], *made["webhook"]]:
        kubernetes_validate.validate(manifest, f"1.{minor}", strict=True)
    assert made["names"][1] == "bulkhead-admission.bulkhead-admission.svc"
    assert made["image_policy"] == {}


def test_the_other_plugin_is_served_where_it_has_an_address() -> None:
    asked = admission_objects(DECLARED, "https://192.0.2.1:8443", True)["image_policy"]
    assert asked["configuration"]["imagePolicy"]["defaultAllow"] is True


def test_what_cannot_be_meant_is_one_sentence() -> None:
    with pytest.raises(AnsibleFilterError, match="admission_objects: timeout_seconds is 60"):
        admission_objects({**DECLARED, "timeout_seconds": 60})
