# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of files and answers, however long they are."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import source as module
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import Event
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.source import (
    READERS,
    Source,
    file_lines,
    piece_lines,
)

TIME = "2026-01-31T12:00:01.123456789Z"
ALERT = json.dumps({"rule": "R", "priority": "Notice", "output": "o", "time": "2026-01-31T12:00:00Z"})


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    (
        *(
            "rule",
            "priority",
            "output",
            "output_fields",
            "time",
            "tags",
            "hostname",
            "uuid",
            "verb",
            "objectRef",
            "user",
        ),
        *("requestURI", "responseStatus", "responseObject", "annotations", "sourceIPs", "auditID", "stage", "alert"),
        *("requestReceivedTimestamp", "Type", "Action", "Actor", "timeNano", "status", "target", "steps", "extra"),
    )
)
_RECORDS = st.dictionaries(_KEYS, _VALUES | st.just(TIME) | st.dictionaries(_KEYS, _VALUES, max_size=4), max_size=12)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=40, deadline=None)
@given(record=_RECORDS)
def test_whatever_a_line_holds_it_is_an_event_or_a_value_error(reader: Any, record: dict[str, Any]) -> None:
    try:
        event = reader(record, "source")
    except ValueError:
        return
    assert isinstance(event, Event)
    json.dumps(event.as_dict())


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("record", [{}, {"rule": "x"}, {"verb": ""}, {"Type": "container"}, {"status": "acted"}])
def test_what_is_of_another_kind_is_refused(kind: str, record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="it is no"):
        READERS[kind](record, kind)


def test_plain_and_packed_files_read_the_same(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.log", tmp_path / "a.log.gz"
    plain.write_bytes(b"one\n\ntwo")
    packed.write_bytes(gzip.compress(b"one\n\ntwo"))
    assert list(file_lines(str(plain))) == list(file_lines(str(packed))) == [(1, b"one\n"), (3, b"two")]


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_LINE", 10)
    file = tmp_path / "log"
    file.write_bytes(b"short\n" + b"x" * 35 + b"\nlast\n")
    assert list(file_lines(str(file))) == [(1, b"short\n"), (2, None), (3, b"last\n")]


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b"")), max_size=6), st.integers(1, 5))
def test_pieces_are_put_together(lines: list[bytes], size: int) -> None:
    data = b"\n".join(lines)
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    assert list(piece_lines(pieces)) == [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "it is no JSON"),
        ("[1]", "it is no JSON object"),
        ("[" * 100_000, "it is "),
        ("{}", "it is no alert of Falco"),
        (ALERT.replace("2026", "x"), "is no time"),
    ],
)
def test_a_line_that_is_no_event_is_counted_and_named(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "log"
    file.write_text(f"{ALERT}\n{line}\n{ALERT}\n")
    source = Source("falco", "falco", [str(file)])
    assert [event.origin for event in source.events(0, 1)] == [f"{file}:1", f"{file}:3"]
    assert (source.read, source.malformed) == (2, 1)
    assert source.complaint.startswith(f"{file}, line 2: ")
    assert said in source.complaint


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "a.gz"
    broken.write_bytes(gzip.compress(b"x" * 1000)[:-4])
    for path in (tmp_path / "none", tmp_path, broken):
        with pytest.raises(ForensicsError, match="cannot be read"):
            list(Source("falco", "falco", [str(path)]).events(0, 1))
    with pytest.raises(ForensicsError, match="cannot be read"):
        list(Source("evidence", "evidence", [str(tmp_path / "none")]).events(0, 1))
