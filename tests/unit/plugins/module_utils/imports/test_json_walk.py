# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What patterns lead to, and an outline."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_text import JsonText
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import (
    EACH_ITEM,
    EACH_MEMBER,
    Large,
    outline,
    path_text,
    walk,
)


def source(value: Any) -> JsonText:
    return JsonText(iter([value if isinstance(value, str) else json.dumps(value)]), "report.json")


DOCUMENT = {
    "ignored": [{"rows": [9]}],
    "runs": [{"name": "a", "rows": [1, 2]}, {"rows": [3]}, {}, None],
    "by": {"x": [1], "y": 2},
}


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([("runs", EACH_ITEM, "rows", EACH_ITEM)], {"runs[0].rows[0]": 1, "runs[0].rows[1]": 2, "runs[1].rows[0]": 3}),
        ([("runs", EACH_ITEM, "name")], {"runs[0].name": "a"}),
        ([("by", EACH_MEMBER)], {"by.x": [1], "by.y": 2}),
        ([("by", "y"), ("runs", EACH_ITEM, "name")], {"runs[0].name": "a", "by.y": 2}),
        ([("none", EACH_ITEM)], {}),
    ],
)
def test_patterns_lead_to_values_in_the_order_of_the_document(patterns: Any, found: dict[str, Any]) -> None:
    assert {path_text(path): value for path, value in walk(source(DOCUMENT), patterns)} == found


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (("by", EACH_ITEM), "by must be a list, and it is an object"),
        (("runs", "name"), "runs must be an object, and it is a list"),
        (("by", "y", "z"), "by.y must be an object, and it is a number"),
    ],
)
def test_what_is_of_another_type_is_refused(pattern: Any, told: str) -> None:
    with pytest.raises(ImportFault, match=told):
        list(walk(source(DOCUMENT), [pattern]))


def test_a_key_that_is_asked_for_must_not_be_there_twice() -> None:
    twice = '{"rows": [1], "other": 1, "other": 2, "rows": [2]}'
    with pytest.raises(ImportFault, match="the key 'rows' is there twice"):
        list(walk(source(twice), [("rows", EACH_ITEM)]))
    with pytest.raises(ImportFault, match="is there twice"):
        outline(source(twice), 100)


def test_an_outline_leaves_out_what_is_large() -> None:
    head = outline(source({"version": "1", "rows": ["x" * 500] * 3, "at": {"a": 1}}), 100)
    assert (head["version"], head["at"]) == ("1", {"a": 1})
    assert isinstance(head["rows"], Large)
    assert head["rows"].kind == "a list"


def test_an_outline_ends_where_that_is_enough() -> None:
    head = outline(source('{"version": 1, "runs": ['), 100, lambda head, key: head == {"version": 1} and key == "runs")
    assert (head["version"], head["runs"].kind) == (1, "a list")


def test_the_outline_of_a_list_is_that_of_its_first_item() -> None:
    assert outline(source([{"a": 1}, {"b": 2}]), 100) == [{"a": 1}]
    assert outline(source([]), 100) == []
    assert outline(source("7"), 100) == 7


def test_names_in_paths_are_cut() -> None:
    assert path_text(("a" * 500, 3)) == "a" * 60 + "[3]"
    assert path_text(()) == "the document"
