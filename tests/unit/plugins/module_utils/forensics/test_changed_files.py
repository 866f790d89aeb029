# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changed files become members of one archive, whatever a container makes of names, links and sizes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import changed_files
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.changed_files import Bounds
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)


def tar_of(name: str, content: bytes = b"", **attributes: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        for key, value in attributes.items():
            setattr(member, key, value)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class ArchiveEngine(Engine):
    """Gives the archive prepared for a path, in pieces of 700 bytes."""

    def __init__(self, archives: dict[str, bytes | Exception], changed: list[dict[str, Any]] | None = None) -> None:
        super().__init__("unix:///run/docker.sock")
        self._archives, self._changed = archives, changed

    def get(self, path: str, **query: object) -> Any:
        return self._changed

    def stream(self, resource: str, **query: object) -> Iterator[bytes]:
        found = self._archives[str(query["path"])]
        if isinstance(found, Exception):
            raise found
        yield from (found[place : place + 700] for place in range(0, len(found), 700))


def take(
    tmp_path: Path, archives: dict[str, bytes | Exception], bounds: Bounds
) -> tuple[str, dict[str, Any], list[str]]:
    folder = EvidenceFolder(str(tmp_path), "set")
    wanted = {path: [path] for path in archives}
    note = changed_files.take(ArchiveEngine(archives), "x", wanted, bounds, folder, "c")
    rows = json.loads(Path(folder.path, "c", changed_files.INDEX).read_text())
    with tarfile.open(Path(folder.path, "c", changed_files.ARCHIVE)) as archive:
        names = archive.getnames()
    return note, {row["path"]: row for row in rows}, names


PLENTY = Bounds(100, 10**6, 10**6)


def test_files_are_kept_with_their_hashes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 20
    note, rows, names = take(tmp_path, {"/tmp/evil": tar_of("evil", content, mode=0o4755)}, PLENTY)
    assert (note, names) == ("", ["tmp/evil"])
    assert rows["/tmp/evil"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert rows["/tmp/evil"]["mode"] == "0o4755"


def test_links_are_kept_as_links(tmp_path: Path) -> None:
    link = tar_of("link", type=tarfile.SYMTYPE, linkname="../../../etc/shadow")
    note, rows, names = take(tmp_path, {"/tmp/link": link}, PLENTY)
    assert (note, names) == ("", ["tmp/link"])
    assert (rows["/tmp/link"]["type"], rows["/tmp/link"]["target"]) == ("link", "../../../etc/shadow")


def test_a_folder_is_named_and_not_read(tmp_path: Path) -> None:
    note, rows, names = take(tmp_path, {"/data": tar_of("data/", type=tarfile.DIRTYPE) + b"\0" * 5000}, PLENTY)
    assert (note, names) == ("", [])
    assert rows["/data"]["reason"] == "a folder"


@pytest.mark.parametrize(
    ("bounds", "taken"),
    [
        (Bounds(1, 10**6, 10**6), ["a"]),
        (Bounds(9, 5, 10**6), ["b"]),
        (Bounds(9, 10**6, 12), ["a"]),
        (Bounds(0, 10**6, 10**6), []),
    ],
)
def test_bounds_are_kept_and_what_is_left_out_is_named(tmp_path: Path, bounds: Bounds, taken: list[str]) -> None:
    archives: dict[str, bytes | Exception] = {"/a": tar_of("a", b"x" * 10), "/b": tar_of("b", b"y" * 4)}
    note, rows, names = take(tmp_path, archives, bounds)
    assert names == taken
    assert f"{2 - len(taken)} of 2 were not taken" in note
    assert set(rows) == {"/a", "/b"}


def test_a_file_that_cannot_be_had_does_not_stop_the_others(tmp_path: Path) -> None:
    gone = EngineStatus(404, "gone")
    note, rows, names = take(tmp_path, {"/a": gone, "/b": b"no tar", "/c": tar_of("c", b"c")}, PLENTY)
    assert names == ["c"]
    assert "2 of 3 were not taken" in note
    assert rows["/a"]["reason"] == "gone"


def test_leaves_are_what_may_be_files() -> None:
    engine = ArchiveEngine(
        {},
        [
            {"Path": "/tmp", "Kind": 0},
            {"Path": "/tmp/a", "Kind": 1},
            {"Path": "/tmp/a/b", "Kind": 1},
            {"Path": "/gone", "Kind": 2},
        ],
    )
    rows = changed_files.changes(engine, "x")
    assert [row["kind"] for row in rows] == ["modified", "added", "added", "deleted"]
    assert changed_files.leaves(rows) == ["/tmp/a/b"]
    assert changed_files.changes(ArchiveEngine({}, None), "x") == []


ROWS = [
    {"path": path, "kind": kind}
    for path, kind in (
        ("/etc", "modified"),
        ("/etc/passwd", "modified"),
        ("/tmp", "modified"),
        ("/tmp/.x", "added"),
        ("/tmp/.x/bin", "added"),
        ("/tmp/.x/bin/miner", "added"),
        ("/tmp/.x/notes", "added"),
        ("/top", "added"),
    )
]
EACH = {"/etc/passwd": ["/etc/passwd"], "/top": ["/top"]}


@pytest.mark.parametrize(
    ("mounts", "asked"),
    [
        ([], {**EACH, "/tmp/.x": ["/tmp/.x/bin/miner", "/tmp/.x/notes"]}),
        (
            ["/tmp/.x/notes/"],
            {**EACH, "/tmp/.x/bin": ["/tmp/.x/bin/miner"], "/tmp/.x/notes": ["/tmp/.x/notes"]},
        ),
        (["/tmp/.xyz"], {**EACH, "/tmp/.x": ["/tmp/.x/bin/miner", "/tmp/.x/notes"]}),
    ],
)
def test_a_folder_that_was_added_is_asked_for_once(mounts: list[str], asked: dict[str, list[str]]) -> None:
    assert changed_files.batches(ROWS, mounts) == asked


def test_a_batch_gives_what_is_wanted_and_nothing_else(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in ((".x/", None), (".x/a", b"one"), (".x/unchanged", b"no"), (".x/b/c", b"two")):
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
        twin = tarfile.TarInfo(".x/twin")
        twin.type, twin.linkname = tarfile.LNKTYPE, ".x/a"
        archive.addfile(twin)
    folder = EvidenceFolder(str(tmp_path), "set")
    wanted = {"/tmp/.x": ["/tmp/.x/a", "/tmp/.x/b/c", "/tmp/.x/twin", "/tmp/.x/gone"]}
    note = changed_files.take(ArchiveEngine({"/tmp/.x": buffer.getvalue()}), "x", wanted, PLENTY, folder, "c")
    assert note == "1 of 4 were not taken, the first for: the engine did not give it"
    with tarfile.open(Path(folder.path, "c", changed_files.ARCHIVE)) as archive:
        assert archive.getnames() == ["tmp/.x/a", "tmp/.x/b/c", "tmp/.x/twin"]
        found = archive.extractfile("tmp/.x/twin")
        assert found is not None
        assert found.read() == b"one"
