# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setuid files of layers, read as overlay2 would merge them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.setuid_files import setuid_files


def layer(folder: Path, **files: int) -> str:
    for name, mode in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        path.chmod(mode)
    folder.mkdir(exist_ok=True)
    return str(folder)


def image(*layers: str) -> dict[str, Any]:
    """Layers from the top."""
    data = {"UpperDir": layers[0], "LowerDir": ":".join(layers[1:])}
    return {"GraphDriver": {"Name": "overlay2", "Data": data}}


def listed(*layers: str) -> list[str] | str:
    return setuid_files(image(*layers), HostFiles())


def test_both_bits_and_nothing_else(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", bin__su=0o4755, bin__wall=0o2755, bin__sh=0o755, bin__both=0o6755)
    assert listed(bottom) == ["/bin/both 6755", "/bin/su 4755", "/bin/wall 2755"]


def test_a_later_layer_takes_the_bit_away_or_gives_it(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", bin__su=0o4755, bin__sh=0o755)
    top = layer(tmp_path / "b", bin__su=0o755, bin__sh=0o4755)
    assert listed(top, bottom) == ["/bin/sh 4755"]


def test_a_folder_with_the_bit_is_no_program(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", var__mail__x=0o644)
    os.chmod(tmp_path / "a" / "var" / "mail", 0o2755)
    assert listed(bottom) == []


def test_what_replaces_a_folder_hides_it(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", opt__bin__su=0o4755)
    top = layer(tmp_path / "b", opt=0o644)
    assert listed(top, bottom) == []


def test_a_link_in_the_place_of_a_file_hides_it(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", bin__su=0o4755)
    top = layer(tmp_path / "b", bin__busybox=0o755)
    (tmp_path / "b" / "bin" / "su").symlink_to("busybox")
    assert listed(top, bottom) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="devices and trusted attributes are root's to make")
def test_whiteouts_and_opaque_folders(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", bin__su=0o4755, opt__old=0o4755, usr__keep=0o4755)
    top = layer(tmp_path / "b", opt__new=0o4755)
    (tmp_path / "b" / "bin").mkdir()
    os.mknod(tmp_path / "b" / "bin" / "su", 0o020000, os.makedev(0, 0))
    os.setxattr(tmp_path / "b" / "opt", "trusted.overlay.opaque", b"y")
    assert listed(top, bottom) == ["/opt/new 4755", "/usr/keep 4755"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in str(listed(str(tmp_path / "none")))
    other = setuid_files({"GraphDriver": {"Name": "vfs", "Data": {"Dir": "/x"}}}, HostFiles())
    assert "vfs" in str(other)
    assert isinstance(setuid_files({}, HostFiles()), str)
