# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Label selectors, each operator on labels that are there, are there with another value, and are not there."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.label_selector import selector_from


def expression(operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "app", "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "same", "other", "none"),
    [
        (None, True, True, True),
        ({}, True, True, True),
        ({"matchLabels": {"app": "web"}}, True, False, False),
        ({"matchLabels": {"app": ""}}, False, False, False),
        (expression("In", "web", "x"), True, False, False),
        (expression("NotIn", "web", "x"), False, True, True),
        (expression("Exists"), True, True, False),
        (expression("DoesNotExist"), False, False, True),
        (expression("Near"), False, False, False),
        ({"matchLabels": {"app": "web"}, **expression("NotIn", "web")}, False, False, False),
        ({"matchLabels": {"app": "web"}, **expression("Exists")}, True, False, False),
    ],
)
def test_matches(selector: Any, same: bool, other: bool, none: bool) -> None:
    compiled = selector_from(selector)
    assert [compiled.matches(labels) for labels in ({"app": "web"}, {"app": "db"}, {})] == [same, other, none]


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, "<everything>"),
        ({"matchLabels": {"app": "web"}, **expression("In", "b", "a")}, "app=web,app in (a, b)"),
        (expression("NotIn", "a"), "app notin (a)"),
        (expression("Exists"), "app"),
        (expression("DoesNotExist"), "!app"),
    ],
)
def test_text(selector: Any, text: str) -> None:
    assert selector_from(selector).text == text
