# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of permissions is complete and says when a rule is needed."""

from __future__ import annotations

import pytest

from bulkhead_response.actions import ACTIONS
from bulkhead_response.notify import NOTIFICATIONS
from bulkhead_response.permissions import needed, table


def test_every_rule_has_its_form() -> None:
    for rules in table().values():
        for rule in rules:
            assert set(rule) - {"when"} == {"scope", "api_groups", "resources", "verbs"}
            assert rule["scope"] in ("namespace", "cluster")
            assert set(rule.get("when", {"param": 0, "default": 0})) == {"param", "default"}


def test_only_steps_are_in_it() -> None:
    assert set(table()) <= {*ACTIONS, *NOTIFICATIONS}


@pytest.mark.parametrize(
    ("params", "count"),
    [({}, 1), ({"min_healthy_replicas": 0}, 1), ({"spare_owner_kinds": ["Job"]}, 4), ({"min_healthy_replicas": 1}, 5)],
)
def test_parameters_decide(params: dict[str, object], count: int) -> None:
    rules = needed("delete_pod", params)
    assert len(rules) == count
    assert not any("when" in rule for rule in rules)


def test_what_needs_no_api_server() -> None:
    assert needed("slack", {}) == []
