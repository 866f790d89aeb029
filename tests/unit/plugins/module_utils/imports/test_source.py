# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file in pieces: packed or not, of no kind that waits or never ends, and in UTF-8."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import PIECE, Source

TEXT = "ü€😀 " * PIECE


def text(path: Path, most: int = 2**30) -> str:
    return "".join(Source(str(path), most).text())


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_it_is_unpacked_and_decoded_across_pieces(tmp_path: Path, pack: object) -> None:
    (tmp_path / "report").write_bytes(pack(TEXT.encode()))  # type: ignore[operator]
    assert text(tmp_path / "report") == TEXT


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_there_is_an_end_to_what_a_file_may_hold(tmp_path: Path, pack: object) -> None:
    (tmp_path / "bomb").write_bytes(pack(bytes(2**24)))  # type: ignore[operator]
    sizes: list[int] = []
    with pytest.raises(ImportFault, match="holds more than 1 MiB; raise max_size_mb"):
        sizes.extend(map(len, Source(str(tmp_path / "bomb"), 2**20).pieces()))
    assert sum(sizes) <= 2**20


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_is_cut_off_or_damaged_is_refused(tmp_path: Path, pack: object) -> None:
    packed = pack(os.urandom(10000))  # type: ignore[operator]
    for damaged in (packed[:-20], packed[:2], packed[:3000] + b"x" * 50 + packed[3050:]):
        (tmp_path / "report").write_bytes(damaged)
        with pytest.raises(ImportFault, match="cannot be"):
            list(Source(str(tmp_path / "report"), 2**30).pieces())


def test_a_header_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    (tmp_path / "report.xz").write_bytes(lzma.compress(b"{}", filters=filters))
    with pytest.raises(ImportFault, match="cannot be unpacked"):
        text(tmp_path / "report.xz")


@pytest.mark.parametrize("content", [b"\xff\xfe{\0}\0", b"\xfe\xff\0{\0}", b"{\0}\0"])
def test_utf_16_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report").write_bytes(content)
    with pytest.raises(ImportFault, match="is UTF-16, as PowerShell redirects output; write it as UTF-8"):
        text(tmp_path / "report")


@pytest.mark.parametrize("content", [b"{\xff}", b"{\xe2\x82"])
def test_what_is_not_utf_8_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report").write_bytes(content)
    with pytest.raises(ImportFault, match="is not UTF-8"):
        text(tmp_path / "report")


def test_a_mark_at_the_beginning_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(b"\xef\xbb\xbf{}")
    assert text(tmp_path / "report") == "{}"


def test_a_pipe_or_a_folder_is_no_report(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, told in (("pipe", "is no file"), ("folder", "is no file|cannot be read"), ("none", "No such file")):
        with pytest.raises(ImportFault, match=told):
            text(tmp_path / name)
    with pytest.raises(ImportFault, match="cannot be read: No such file"):
        Source(str(tmp_path / "none"), 1).modified()
