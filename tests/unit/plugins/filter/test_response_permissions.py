# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter passes on what it is given, and says in a sentence what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.filter.response_permissions import FilterModule

TABLE = {"delete_pod": [{"scope": "namespace", "api_groups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]}
RULES = [{"name": "shell", "steps": [{"action": "delete_pod"}]}]
response_permissions = FilterModule().filters()["response_permissions"]


def test_objects() -> None:
    objects = response_permissions(RULES, TABLE, ["shop", "kube-system", "bulkhead-response"])
    assert [(item["kind"], item["metadata"]) for item in objects] == [
        ("Role", {"name": "bulkhead-response", "namespace": "shop"}),
        ("RoleBinding", {"name": "bulkhead-response", "namespace": "shop"}),
    ]
    assert response_permissions(RULES, TABLE, ["shop"], dry_run=True)[0]["rules"][0]["verbs"] == ["get"]
    assert response_permissions(RULES, TABLE, ["shop"], protected_namespaces=["shop"]) == []


@pytest.mark.parametrize(
    ("rules", "table", "message"),
    [
        (RULES, {}, "response_permissions: rule 'shell': there is no action 'delete_pod'"),
        ([3], TABLE, "response_permissions: the rules or the table"),
        (RULES, {"delete_pod": [{}]}, "response_permissions: the rules or the table"),
    ],
)
def test_what_is_wrong(rules: Any, table: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        response_permissions(rules, table, ["shop"])
