# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source packages come from the mirror that the machine uses anyway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tooling import debian_source


@pytest.mark.parametrize(
    ("printed", "mirror"),
    [
        ("http://mirror.test/debian\nhttp://mirror.test/debian\n", "http://mirror.test/debian"),
        ("copy:/srv/debian\nhttps://mirror.test/debian\n", "https://mirror.test/debian"),
        ("", "http://deb.debian.org/debian"),
    ],
    ids=["the machine's", "one that is reached by HTTP", "Debian's own where there is none"],
)
def test_mirror(printed: str, mirror: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    apt_get = tmp_path / "apt-get"
    apt_get.write_text(f"#!/bin/sh\nprintf '%s' '{printed}'\n")
    apt_get.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert debian_source.mirror("bookworm") == mirror
