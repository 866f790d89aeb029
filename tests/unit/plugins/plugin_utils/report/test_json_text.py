# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick way to JSON writes what json.dumps writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.json_text import quoted, small

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -7,
    10**30,
    1.5,
    float("inf"),
    "",
    'a "b" \\ \n \x00 \x1f \x7f \u2028 \ud800 ü 😀',
    [],
    {},
    {"image": "app:1", "ports": [80, None, {"x": True}], "nested": {"é": 1.0}},
    {2: "a", None: "b", True: "c"},
    {str(number): number for number in range(20)},
    ["a", {"b": [1]}],
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_any_value_is_written_as_json_dumps_writes_it(value: Any) -> None:
    assert small(value) == json.dumps(value, ensure_ascii=False)


def test_a_text_is_quoted_as_json_dumps_quotes_it() -> None:
    text = 'a "b" \\ \n \x00 \ud800 ü'
    assert quoted(text) == json.dumps(text, ensure_ascii=False)
