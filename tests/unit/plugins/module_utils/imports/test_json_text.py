# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON read in pieces: as json.loads reads it, wherever the pieces end, and in a sentence where it is none."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import json_text
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_text import JsonText

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def read(text: str, size: int = 7) -> JsonText:
    return JsonText(pieces(text, size), "report.json")


def through(source: JsonText) -> Any:
    """The document, put together from its parts."""
    opening = source.next()
    if opening == "[":
        return [through(source) for _index in source.items()]
    if opening == "{":
        return {key: through(source) for key in source.members()}
    return source.value()


def whole(text: str, size: int = 7) -> Any:
    """The document, and nothing behind it."""
    source = read(text, size)
    value = source.value()
    source.end()
    return value


def in_parts(text: str, size: int = 7) -> Any:
    """The same, put together from its parts."""
    source = read(text, size)
    value = through(source)
    source.end()
    return value


@given(VALUES, st.integers(1, 30), st.sampled_from([None, 1]))
@settings(max_examples=300, deadline=None)
def test_it_reads_what_json_reads_however_it_comes(value: Any, size: int, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert whole(text, size) == value
    assert in_parts(text, size) == value
    passed = read(text + " 7", size)
    passed.skip()
    assert passed.value() == 7


@given(VALUES, st.data())
@settings(max_examples=200, deadline=None)
def test_half_a_document_is_refused_in_a_sentence(value: Any, data: Any) -> None:
    text = json.dumps({"matches": [value], "more": value})
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    for reading in (lambda source: source.value(), lambda source: source.skip(), through):
        with pytest.raises(ImportFault, match=r"^report\.json, character \d+: "):
            reading(read(cut))


@given(st.text(max_size=18), st.integers(1, 5))
@settings(max_examples=300, deadline=None)
def test_what_is_no_json_is_refused_as_json_refuses_it(text: str, size: int) -> None:
    try:
        wanted = json.loads(text, parse_constant=lambda told: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(ImportFault):
            whole(text, size)
    else:
        assert whole(text, size) == wanted


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(constant: str) -> None:
    with pytest.raises(ImportFault, match=f"{constant} is no JSON"):
        read(f"[{constant}]").value()


def test_a_number_of_a_million_digits_takes_no_time() -> None:
    began = time.process_time()
    # Which of both depends on the Python.
    with contextlib.suppress(ImportFault):
        assert read("1" * 10**6, 2**18).value() == float("inf")
    assert time.process_time() - began < 1


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("reading", ["value", "skip"])
def test_what_is_nested_a_hundred_thousand_deep_is_refused(opening: str, reading: str) -> None:
    with pytest.raises(ImportFault, match="nested too deeply"):
        getattr(read(opening * 100_000, 2**18), reading)()


def test_a_value_without_an_end_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "LONGEST_VALUE", 1000)
    endless = JsonText((piece for piece in iter(lambda: "x" * 100, None)), "report.json")
    endless._text = '"'
    with pytest.raises(ImportFault, match="a single value is larger than"):
        endless.value()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file ends in the middle"),
        ('{"a": 1} {"b": 2}', "there is more after the end"),
        ('{"a" 1}', "it is not JSON"),
        ('{"a": 1 "b": 2}', "it is not JSON"),
        ("[1 2]", "it is not JSON"),
        ("{7: 1}", "it is not JSON"),
        ('["\\x"]', "it is not JSON: Invalid"),
        ('["\x01"]', "it is not JSON: Invalid control character"),
    ],
)
def test_faults_say_where_and_what(text: str, told: str) -> None:
    with pytest.raises(ImportFault) as caught:
        in_parts(text)
    assert told in str(caught.value)


def test_what_is_large_is_passed_over() -> None:
    source = read(json.dumps([{"a": "x" * 500}, 7]))
    assert [source.small(100) for _index in source.items()] == [(False, None), (True, 7)]
