# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container has written, out of the engine's stream: frames with a header of eight bytes, or plain text where
the container has a terminal."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_STREAMS = {0: b"stdin", 1: b"stdout", 2: b"stderr"}
_HEADER = 8


def frames(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each frame with the name of its stream in front of it."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= _HEADER:
            stream, length = struct.unpack(">B3xI", buffer[:_HEADER])
            if len(buffer) < _HEADER + length:
                break
            yield _STREAMS.get(stream, b"other") + b" " + bytes(buffer[_HEADER : _HEADER + length])
            del buffer[: _HEADER + length]
    if buffer:
        yield b"incomplete " + bytes(buffer[_HEADER:])
