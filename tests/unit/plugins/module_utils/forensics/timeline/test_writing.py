# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What attackers wrote is data in every format."""

from __future__ import annotations

import html.parser
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import writing

HOSTILE = "</td></tr></table><script>alert(1)</script><img src=x onerror=alert(1)> | `x` [a](javascript:1)\n# h \u202e"


def timeline(text: str) -> dict[str, Any]:
    event = {
        "time": "2026-01-31T12:00:00.000000Z",
        "source": text,
        "severity": "notice",
        "kind": text,
        "summary": text,
        "actor": text,
        "pod": text,
        "by": {"pod": text},
        "details": {text or "x": text},
        "origin": text,
        "subject": "S1",
    }
    source = {"name": text, "type": "falco", "events": 1, "malformed": 1, "first_malformed": text, "clock_ahead": 0.5}
    subject = {"id": "S1", "namespaces": [text], "pods": [text], "containers": [text], "events": 1}
    ends = {"first": event["time"], "last": event["time"], "left_out": 3, "repeated": 0}
    return {"title": text, **ends, "sources": [source], "subjects": [subject], "events": [event]}


class Elements(html.parser.HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _value in attrs}


def _elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


@given(st.text(min_size=1, max_size=40))
def test_no_text_changes_the_structure_of_the_page(text: str) -> None:
    assert _elements(writing.as_html(timeline(text))).tags == _elements(writing.as_html(timeline("plain"))).tags


def test_the_page_runs_nothing_and_asks_for_nothing() -> None:
    page = writing.as_html(timeline(HOSTILE))
    found = _elements(page)
    assert "script" not in found.tags
    assert not {name for name in found.attributes if name.startswith("on")}
    assert not re.search(
        r"(?:src|url)\s*[=(]",
        re.sub(
            r"<dd>.*?</dd>|<td.*?</td>|<title>.*?</title>|<h1>.*?</h1>|<p.*?</p>|<label>.*?</label>",
            "",
            page,
            flags=re.DOTALL,
        ),
    )
    assert "default-src &#x27;none&#x27;" in page
    assert "\u202e" not in page
    assert "\\u202e" in page


@pytest.mark.parametrize("text", [HOSTILE, "a|b", "a\r\nb", "a\\|b"])
def test_a_row_of_markdown_stays_one_row_with_its_cells(text: str) -> None:
    rows = [line for line in writing.as_markdown(timeline(text)).splitlines() if line.startswith("| 2026")]
    (row,) = rows
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 7
    assert "<script>" not in row


def test_json_is_the_document() -> None:
    document = timeline(HOSTILE)
    assert json.loads(writing.as_json(document)) == document


def test_nothing_is_a_page_too() -> None:
    empty = {**timeline("x"), "events": [], "subjects": [], "first": None, "last": None}
    assert "No event." in writing.as_html(empty)
    assert "0 events." in writing.as_markdown(empty)
