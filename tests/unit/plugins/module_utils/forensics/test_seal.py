# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is done to a sealed set is found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, str]:
    folder = EvidenceFolder(str(tmp_path), "set")
    folder.write("a/log.txt", [b"it happened\n"])
    folder.write("b.json", [b"{}\n"])
    digest = seal.seal(folder, {"case": "INC-1"}, {"time": "2026-01-01T00:00:00Z", "who": {"user": "root"}})
    folder.finish()
    return Path(folder.final), digest


def test_a_sealed_set_is_intact(sealed: tuple[Path, str]) -> None:
    path, digest = sealed
    problems, found, head = seal.problems(str(path), digest)
    assert (problems, found) == ([], digest)
    assert len(head) == 64
    assert (path / "manifest.sha256").read_text() == f"{digest}  manifest.json\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _reseal(path: Path) -> None:
    """As one who can write the folder would do it."""
    text = (path / "manifest.json").read_text().replace("INC-1", "INC-9")
    (path / "manifest.json").write_text(text)
    (path / "manifest.sha256").write_text(f"{hashlib.sha256(text.encode()).hexdigest()}  manifest.json\n")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda path: _write(path / "a/log.txt", "it did not :-(\n"), "a/log.txt was changed"),
        (lambda path: _write(path / "a/log.txt", "it happenee\n"), "a/log.txt was changed"),
        (lambda path: (path / "a/log.txt").unlink(), "a/log.txt is missing"),
        (lambda path: (path / "new").touch(), "new was added"),
        (lambda path: (path / "link").symlink_to("/etc"), "link was added"),
        (
            lambda path: ((path / "b.json").unlink(), (path / "b.json").symlink_to("/dev/null")),
            "replaced by what is no",
        ),
        (lambda path: (path / "manifest.sha256").unlink(), "manifest.sha256 is missing"),
        (lambda path: (path / "manifest.json").unlink(), "is no manifest"),
        (lambda path: _write(path / "manifest.json", "[]"), "it lists no files"),
        (lambda path: _write(path / "manifest.json", '{"files": [1]}'), "holds a row that is no file"),
        (lambda path: (path / "custody.jsonl").unlink(), "it holds no record"),
        (_reseal, "was kept of it"),
        (_reseal, "begun for another manifest"),
    ],
)
def test_tampering_is_found(sealed: tuple[Path, str], tamper: Callable[[Path], Any], said: str) -> None:
    path, digest = sealed
    tamper(path)
    assert said in "; ".join(seal.problems(str(path), digest)[0])


def test_records_are_added_to_the_chain_and_the_seal_holds(sealed: tuple[Path, str]) -> None:
    path, digest = sealed
    head = seal.append_custody(str(path), time="2026-01-02T00:00:00Z", event="handed over", who={"user": "bob"})
    assert seal.problems(str(path), digest) == ([], digest, head)


def test_nothing_is_added_to_a_broken_chain(sealed: tuple[Path, str]) -> None:
    path, _digest = sealed
    text = (path / "custody.jsonl").read_text().replace("root", "mallory")
    (path / "custody.jsonl").write_text(text)
    with pytest.raises(ForensicsError, match="nothing was added"):
        seal.append_custody(str(path), time="2026-01-02T00:00:00Z", event="handed over")
    assert (path / "custody.jsonl").read_text() == text


def test_a_link_in_the_place_of_the_manifest_is_not_followed(sealed: tuple[Path, str]) -> None:
    path, _digest = sealed
    os.rename(path / "manifest.json", path.parent / "elsewhere")
    (path / "manifest.json").symlink_to(path.parent / "elsewhere")
    with pytest.raises(ForensicsError, match="is no manifest"):
        seal.read_manifest(str(path))
