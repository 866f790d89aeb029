# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report's file in pieces, however large it is: opened safely, unpacked, decoded."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import os
import stat
import zlib
from collections.abc import Generator, Iterator
from typing import IO, Any, cast

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault

PIECE = 2**18
MEBIBYTE = 2**20
# `xz -9` needs 65 MiB to be unpacked; a header may ask for 4 GiB.
_XZ_MEMORY = 100 * MEBIBYTE
_PACKED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz"}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Source:
    """A file on the target. `most` is how many bytes there may be, unpacked: a small file can unpack to a huge one."""

    def __init__(self, path: str, most: int) -> None:
        self.path, self._most = path, most

    def modified(self) -> float:
        """When the file was written last, in seconds since 1970."""
        try:
            return os.stat(self.path).st_mtime
        except OSError as exc:
            raise self._unreadable(exc) from exc

    def pieces(self) -> Generator[bytes, None, None]:
        """The bytes, unpacked. Raises ImportFault."""
        read = 0
        try:
            with self._opened() as file:
                for piece in _unpacked(file):
                    read += len(piece)
                    if read > self._most:
                        most = f"{self._most // MEBIBYTE} MiB"
                        raise ImportFault(f"{self.path} holds more than {most}; raise max_size_mb if that is right")
                    yield piece
        except (EOFError, zlib.error, lzma.LZMAError) as exc:
            raise ImportFault(f"{self.path} cannot be unpacked, it is damaged or cut off: {exc}") from exc
        except OSError as exc:
            raise self._unreadable(exc) from exc

    def text(self) -> Iterator[str]:
        """The text, which must be UTF-8; a mark at its beginning is taken away. Raises ImportFault."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        first = True
        try:
            for piece in self.pieces():
                if first:
                    self._refuse_utf_16(piece)
                    piece, first = piece[3:] if piece.startswith(codecs.BOM_UTF8) else piece, False
                yield decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as exc:
            raise ImportFault(f"{self.path} is not UTF-8: {exc.reason}; write it as UTF-8") from exc

    def _opened(self) -> IO[bytes]:
        # Without O_NONBLOCK, opening a pipe that nobody writes to waits for ever.
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
        raise ImportFault(f"{self.path} is no file, and a report is read more than once; name a file")

    def _refuse_utf_16(self, piece: bytes) -> None:
        if piece.startswith(_UTF_16) or b"\0" in piece[:4]:
            raise ImportFault(f"{self.path} is UTF-16, as PowerShell redirects output; write it as UTF-8")

    def _unreadable(self, exc: OSError) -> ImportFault:
        return ImportFault(f"{self.path} cannot be read: {exc.strerror or exc}")


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    kind = _PACKED.get(file.read(2))
    file.seek(0)
    if kind == "xz":
        yield from _xz(file)
        return
    opened: Any = {"gzip": gzip.open, "bzip2": bz2.open}.get(kind or "")
    stream = cast("IO[bytes]", opened(file, "rb") if opened else file)
    while piece := stream.read(PIECE):
        yield piece


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """As lzma.open, which cannot be told how much memory a header may ask for."""
    unpacker, is_hungry = lzma.LZMADecompressor(memlimit=_XZ_MEMORY), True
    while not unpacker.eof:
        packed = file.read(PIECE) if is_hungry else b""
        if is_hungry and not packed:
            raise EOFError("it ends before its end mark")
        piece = unpacker.decompress(packed, PIECE)
        is_hungry = len(piece) < PIECE
        if piece:
            yield piece
    behind = unpacker.unused_data + file.read(1)
    if len(behind) > 0:
        raise lzma.LZMAError("there is more after its end")
