# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text of an event is a template afterwards, and all else is as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_filter.no_templates import main

_TEXT = st.text(alphabet="{%#} a")
_JSON = st.recursive(
    st.none() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=10,
)


def test_templates_are_broken_up_wherever_they_are() -> None:
    event = {"body": {"{{ key }}": ["{% if %}", {"a": "{# x #}{{{ y"}]}, "meta": {"subject": "a.{{x}}", "n": 1}}
    assert main(event) == {
        "body": {"{ { key }}": ["{ % if %}", {"a": "{ # x #}{ { { y"}]},
        "meta": {"subject": "a.{ {x}}", "n": 1},
    }


def test_no_text_says_how_its_templates_begin() -> None:
    found = main({"a": "#jinja2: variable_start_string:'[['\n[[ x", "b": ["{#jinja2:"], "c": "#1 jinja2:"})
    assert found == {"a": "# jinja2: variable_start_string:'[['\n[[ x", "b": ["{ # jinja2:"], "c": "#1 jinja2:"}


@given(st.dictionaries(_TEXT, _JSON, max_size=4))
def test_nothing_else_changes(event: dict[str, Any]) -> None:
    found = repr(main(event))
    assert found.replace("{ ", "{").replace(" ", "") == repr(event).replace("{ ", "{").replace(" ", "")
    for value in main(event).values():
        assert not isinstance(value, str) or not {"{{", "{%", "{#"} & {value[i : i + 2] for i in range(len(value))}


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep: list[Any] = []
    for _level in range(5000):
        deep = [deep]
    found = main({"body": deep, "meta": {"uuid": "1"}})
    assert found == {"meta": {"uuid": "1"}, "error": "it is nested too deeply, and was left out"}
