# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selectors mean here what they mean to an API server."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.actions.label_selector import as_query, keys, selects

_ALL: dict[str, Any] = {
    "matchLabels": {"app": "web"},
    "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "env", "operator": "NotIn", "values": ["dev"]},
        {"key": "track", "operator": "Exists"},
        {"key": "old", "operator": "DoesNotExist"},
    ],
}


def test_as_a_query() -> None:
    assert as_query(_ALL) == "app=web,tier in (a,b),env notin (dev),track,!old"
    assert as_query({}) == ""


def test_the_labels_that_something_must_have() -> None:
    assert list(keys(_ALL)) == ["app", "tier", "track"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"app": "web", "tier": "a", "track": "x"}, True),
        ({"app": "web", "tier": "a", "track": "x", "env": "prod"}, True),
        ({"app": "web", "tier": "a", "track": "x", "env": "dev"}, False),
        ({"app": "web", "tier": "c", "track": "x"}, False),
        ({"app": "web", "track": "x"}, False),
        ({"app": "web", "tier": "a"}, False),
        ({"app": "web", "tier": "a", "track": "x", "old": ""}, False),
        ({"tier": "a", "track": "x"}, False),
    ],
)
def test_what_is_selected(labels: dict[str, str], expected: bool) -> None:
    assert selects(_ALL, labels) is expected


def test_an_empty_selector_selects_everything() -> None:
    assert selects({}, {})
