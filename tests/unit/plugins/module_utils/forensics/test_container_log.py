# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames of the engine's logs."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_log import frames


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">B3xI", stream, len(text)) + text


def test_each_frame_is_named() -> None:
    assert list(frames([frame(1, b"a\n") + frame(2, b"b\n") + frame(9, b"c\n")])) == [
        b"stdout a\n",
        b"stderr b\n",
        b"other c\n",
    ]


def test_a_frame_that_is_cut_off_is_kept_as_such() -> None:
    assert list(frames([frame(1, b"whole\n") + frame(2, b"half")[:-2]])) == [b"stdout whole\n", b"incomplete ha"]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8), st.integers(1, 7))
def test_it_does_not_matter_how_the_answer_is_cut(rows: list[tuple[int, bytes]], size: int) -> None:
    data = b"".join(frame(*row) for row in rows)
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    assert list(frames(pieces)) == list(frames([data]))
    assert len(list(frames([data]))) == len(rows)
