# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording is bounded in time and size, whatever its program does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import capture
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import PartSkipped
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import Capture


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> EvidenceFolder:
    """A program of the name sysdig that does this."""
    program = tmp_path / "bin" / "sysdig"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return EvidenceFolder(str(tmp_path / "root"), "set")


def test_what_is_said_until_the_time_is_up_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fake(tmp_path, monkeypatch, "echo recorded; exec sleep 600")
    assert capture.record(Capture("sysdig", 1.0, 1000), 1, "c" * 64, folder, "c") == ""
    assert Path(folder.path, "c", "capture.scap").read_text() == "recorded\n"


def test_it_is_ended_at_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fake(tmp_path, monkeypatch, "while echo 0123456789; do :; done")
    note = capture.record(Capture("sysdig", 60.0, 50), 1, "c" * 64, folder, "c")
    assert note == "it was ended after 50 bytes"
    assert Path(folder.path, "c", "capture.scap").stat().st_size == 50


def test_a_program_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fake(tmp_path, monkeypatch, "echo no driver >&2; exit 3")
    assert capture.record(Capture("sysdig", 60.0, 50), 1, "c" * 64, folder, "c") == "sysdig ended with 3: no driver"


def test_a_program_that_is_not_there_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PartSkipped, match="tcpdump is not installed"):
        capture.command(Capture("tcpdump", 1, 1), 7, "c" * 64)


def test_the_command_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    network = capture.command(Capture("tcpdump", 1, 1, "port 53"), 7, "c" * 64)
    assert network[:3] == ["nsenter", "--net=/proc/7/ns/net", "--"]
    assert network[-3:] == ["-w", "-", "port 53"]
    calls = capture.command(Capture("sysdig", 1, 1, "fd.type=ipv4 or evt.type=open"), 7, "c" * 64)
    assert calls[-1] == f"container.id={'c' * 12} and (fd.type=ipv4 or evt.type=open)"
