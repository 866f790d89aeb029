# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No record of custody can be changed, taken out or put in between unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import custody


def chain(count: int = 3) -> list[str]:
    lines, before = [], None
    for number in range(count):
        before = custody.entry(before, f"2026-01-01T00:00:0{number}Z", f"event {number}", who={"user": "alice"})
        lines.append(custody.as_text(before))
    return lines


def test_a_chain_is_intact_and_tells_its_head() -> None:
    lines = chain()
    faults, last = custody.faults(lines)
    assert faults == []
    assert last == json.loads(lines[-1])
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [lines[0].replace("alice", "mallory"), *lines[1:]], "line 1: it was changed"),
        (lambda lines: [lines[0], lines[2]], "line 2: the line before it was changed or taken out"),
        (lambda lines: [lines[1], lines[0], lines[2]], "line 1: the line before it"),
        (lambda lines: [lines[0], "garbage\n", *lines[1:]], "line 2: it is no record"),
        (lambda lines: [lines[0], '{"seq": 2}\n', *lines[1:]], "line 2: it is no record"),
        (lambda lines: [], "it holds no record"),
        (lambda lines: [lines[0], _resealed(lines[1]), lines[2]], "line 3: the line before it"),
        (lambda lines: [_renumbered(lines[0])], "its number does not follow"),
    ],
)
def test_a_break_is_found(change: Callable[[list[str]], list[str]], said: str) -> None:
    assert said in "; ".join(custody.faults(change(chain()))[0])


def _resealed(text: str) -> str:
    line = json.loads(text)
    return custody.as_text(custody.entry({"seq": 1, "hash": line["previous"]}, line["time"], "another", who={}))


def _renumbered(text: str) -> str:
    line = custody.entry({"seq": 6, "hash": "0" * 64}, "2026-01-01T00:00:00Z", "first")
    return custody.as_text(line)


def test_the_facts_of_an_entry_cannot_forge_its_hash() -> None:
    facts: dict[str, Any] = {"details": {"what": 'x", "hash": "y'}}
    faults, _last = custody.faults([custody.as_text(custody.entry(None, "now", "e", **facts))])
    assert faults == []
