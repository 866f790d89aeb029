# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets come from files, and a fault names the file and never what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkhead_response.notify.secret_file import Unusable, read_secret, read_text


def test_white_space_around_it_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "s").write_text(" s3cret\n")
    assert read_secret("token_file", str(tmp_path / "s")) == "s3cret"


def test_a_secret_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a\nX-Injected: b")
    with pytest.raises(Unusable, match="must hold one line"):
        read_secret("token_file", str(tmp_path / "s"))
    assert read_text("headers_file", str(tmp_path / "s")) == "a\nX-Injected: b"


@pytest.mark.parametrize(("content", "fault"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "is no text")])
def test_what_is_no_secret(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(Unusable, match=f"^token_file: .*{fault}"):
        read_secret("token_file", str(tmp_path / "s"))
