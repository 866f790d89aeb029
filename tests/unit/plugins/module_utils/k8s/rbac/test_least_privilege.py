# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least role allows what was asked for, and nothing else."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.least_privilege import (
    least_role,
    least_rules,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request

VERBS, RESOURCES, GROUPS, NAMES = ("get", "list", "patch"), ("pods", "secrets", "jobs"), ("", "batch"), ("", "a", "b")
REQUESTS = st.builds(
    Request,
    st.sampled_from(VERBS),
    st.sampled_from(RESOURCES),
    st.sampled_from(GROUPS),
    st.sampled_from(["", "log"]),
    st.sampled_from(NAMES),
)


@given(st.lists(REQUESTS, max_size=12))
def test_exactly_what_was_asked_for(requests: list[Request]) -> None:
    """A request without a name covers the same of each name: that is what it means to a rule."""
    rules = least_rules(requests)
    for verb, resource, group, subresource, name in itertools.product(VERBS, RESOURCES, GROUPS, ["", "log"], NAMES):
        request = Request(verb, resource, group, subresource, name)
        wanted = request in requests or Request(verb, resource, group, subresource) in requests
        assert any(rule.allows(request) for rule in rules) is wanted


def test_resources_that_are_used_alike_are_one_rule() -> None:
    role = least_role(
        [
            Request("get", "pods"),
            Request("list", "pods"),
            Request("list", "services"),
            Request("get", "services"),
            Request("get", "secrets", name="db"),
            Request("get", "secrets", name="tls"),
            Request("get", path="/metrics"),
        ],
        "web",
        "shop",
    )
    assert role == {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "web", "namespace": "shop"},
        "rules": [
            {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["db", "tls"]},
            {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "services"]},
            {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
        ],
    }
