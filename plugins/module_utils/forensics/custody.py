# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of custody: a line of JSON for everything that was done with a set of evidence, each holding the hash of
the line before it, so that no line can be changed, taken out or put in between without breaking the chain.

A line: seq, time (UTC), event, who, host, tool, details, previous (hash of the line before), hash (of this one).
What the chain cannot tell is that lines at its end were cut off: keep `head` of it elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

NAME = "custody.jsonl"
_BEGIN = "0" * 64


def entry(before: Mapping[str, Any] | None, time: str, event: str, **facts: Any) -> dict[str, Any]:
    """The line that follows another one; None for the first."""
    line = {
        "seq": int(before["seq"]) + 1 if before else 1,
        "time": time,
        "event": event,
        **facts,
        "previous": str(before["hash"]) if before else _BEGIN,
    }
    return {**line, "hash": _hash(line)}


def as_text(line: Mapping[str, Any]) -> str:
    """A line as it stands in the file."""
    return json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n"


def faults(lines: Iterable[str]) -> tuple[list[str], dict[str, Any] | None]:
    """What is wrong with the chain, in sentences, and its last line."""
    found: list[str] = []
    before: dict[str, Any] | None = None
    for number, text in enumerate(lines, start=1):
        line = _parsed(text)
        if line is None:
            found.append(f"{NAME}, line {number}: it is no record of custody")
            continue
        found += [f"{NAME}, line {number}: {fault}" for fault in _line_faults(line, before)]
        before = line
    if before is None:
        found.append(f"{NAME}: it holds no record")
    return found, before


def _line_faults(line: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterable[str]:
    if line["hash"] != _hash({key: value for key, value in line.items() if key != "hash"}):
        yield "it was changed after it was written"
    if line["previous"] != (before["hash"] if before else _BEGIN):
        yield "the line before it was changed or taken out"
    elif line["seq"] != (before["seq"] + 1 if before else 1):
        yield "its number does not follow"


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    complete = (
        isinstance(line, dict) and isinstance(line.get("seq"), int) and {"hash", "previous", "event"} <= set(line)
    )
    return line if complete else None


def _hash(line: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(line, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
