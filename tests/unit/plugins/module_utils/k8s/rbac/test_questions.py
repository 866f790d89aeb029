# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions in a user's words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.questions import question_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request


@pytest.mark.parametrize(
    ("raw", "request_"),
    [
        ({"verb": "get", "resource": "pods"}, Request("get", "pods")),
        ({"verb": "get", "resource": "deployments"}, Request("get", "deployments", "apps")),
        ({"verb": "get", "resource": "deployments", "api_group": ""}, Request("get", "deployments")),
        ({"verb": "create", "resource": "pods/exec", "namespace": "a"}, Request("create", "pods", "", "exec", "", "a")),
        ({"verb": "get", "resource": "secrets", "name": "db"}, Request("get", "secrets", name="db")),
        ({"verb": "get", "non_resource_url": "/metrics"}, Request("get", path="/metrics")),
        ({"subject": "alice"}, None),
    ],
)
def test_what_is_asked(raw: dict[str, Any], request_: Request | None) -> None:
    assert question_from(raw, 0).request == request_


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "asks nothing"),
        ({"namespace": "a"}, "asks nothing"),
        ({"resource": "pods"}, "verb is missing"),
        ({"verb": "get"}, "resource is missing"),
        ({"verb": "get", "resource": "pods", "groups": ["a"]}, "groups go with a subject"),
        ({"subject": "ServiceAccount:x", "verb": "get", "resource": "pods"}, "names no namespace"),
        ({"verb": "get", "non_resource_url": "/x", "namespace": "a"}, "namespace does not go with non_resource_url"),
    ],
)
def test_what_asks_nothing_is_refused_by_its_number(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(K8sError, match=rf"^questions\[3\].*{message}"):
        question_from(raw, 3)
