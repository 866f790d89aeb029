# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that a credential may be for, and names that it may not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.subject import check_subject
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


@pytest.mark.parametrize(
    "params",
    [
        {"user": "ada"},
        {"user": "ada@example.com", "groups": ["a b", "system:authenticated"]},
        {"user": "../../etc/passwd"},
        {"user": "x" * 64},
        {"service_account": "a.b-c", "namespace": "shop"},
        {"user": "system:kube-scheduler", "groups": ["system:masters"], "allow_privileged_groups": True},
        {"user": "ada", "groups": ["system:masters"], "state": "revoked"},
        {"user": "https://issuer.example.com/" + "x" * 100, "state": "revoked"},
    ],
)
def test_possible(params: dict[str, Any]) -> None:
    check_subject({"state": "present", **params})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"user": ""}, "must not be empty"),
        ({"user": "x" * 65}, "65 characters"),
        ({"user": "a\0b"}, "control characters"),
        ({"user": "a\u202eb"}, "control characters"),
        ({"user": "a", "groups": ["b\n"]}, "groups: .*control characters"),
        ({"user": "a", "groups": ["system:masters"]}, "allow_privileged_groups"),
        ({"user": "a", "groups": ["system:nodes"]}, "allow_privileged_groups"),
        ({"user": "a", "groups": ["kubeadm:cluster-admins"]}, "allow_privileged_groups"),
        ({"user": "system:node:a"}, "own components"),
        ({"service_account": "A", "namespace": "b"}, "no name of an object"),
        ({"service_account": "a/b", "namespace": "b"}, "no name of an object"),
        ({"service_account": "a", "namespace": "x" * 64}, "no name of an object"),
        ({"service_account": "a", "namespace": "b", "secret_name": ".."}, "no name of an object"),
    ],
)
def test_impossible(params: dict[str, Any], said: str) -> None:
    with pytest.raises(K8sError, match=said) as caught:
        check_subject({"state": "present", **params})
    assert len(str(caught.value)) < 250
