# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a container has changed, out of the engine's archives into one tar, with an index of their hashes.

They are kept as members of an archive and never unpacked: names, links and modes of a hostile container stay data.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)

KINDS = {0: "modified", 1: "added", 2: "deleted"}
ARCHIVE, INDEX = "changed_files.tar", "changed_files.json"
_PIECE = 1 << 16


@dataclass(frozen=True)
class Bounds:
    """How much is taken at most: files, bytes of one, bytes of all."""

    files: int
    file_bytes: int
    total_bytes: int


def changes(engine: Engine, container_id: str) -> list[dict[str, str]]:
    """{path, kind} of everything that differs from the image."""
    rows = engine.get(f"/containers/{container_id}/changes") or []
    return [{"path": str(row["Path"]), "kind": KINDS.get(row["Kind"], str(row["Kind"]))} for row in rows]


def leaves(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The paths that may be files: not deleted, and no folder of another one."""
    paths = sorted(row["path"] for row in rows if row["kind"] != "deleted")
    folders = {path.rpartition("/")[0] for path in (row["path"] for row in rows)}
    return [path for path in paths if path not in folders]


def take(
    engine: Engine, container_id: str, paths: Iterable[str], bounds: Bounds, folder: EvidenceFolder, at: str
) -> str:
    """Write archive and index below `at`; what was left out, in one sentence, empty where nothing was."""
    rows: list[dict[str, Any]] = []
    archive = folder.place(f"{at}/{ARCHIVE}")
    left = bounds.total_bytes
    with tarfile.open(archive, "x", format=tarfile.PAX_FORMAT) as target:
        for path in paths:
            if len(rows) >= bounds.files:
                rows.append({"path": path, "taken": False, "reason": f"more than {bounds.files} files"})
                continue
            folder.require_space()
            row = _take_one(engine, container_id, path, min(bounds.file_bytes, left), target)
            left -= row.get("size", 0) if row["taken"] else 0
            rows.append(row)
    folder.adopt(f"{at}/{ARCHIVE}")
    folder.write_json(f"{at}/{INDEX}", rows)
    missing = [row for row in rows if not row["taken"] and row.get("type") != "folder"]
    return f"{len(missing)} of {len(rows)} were not taken, the first for: {missing[0]['reason']}" if missing else ""


def _take_one(engine: Engine, container_id: str, path: str, most: int, target: tarfile.TarFile) -> dict[str, Any]:
    pieces = engine.stream(f"/containers/{container_id}/archive", path=path)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _Pieces(pieces)), mode="r|") as source:
            member = source.next()
            return _keep(path, member, source, most, target)
    except (DockerError, tarfile.TarError, http.client.HTTPException) as exc:
        return {"path": path, "taken": False, "reason": str(exc)}
    finally:
        engine.close()  # what is left of the answer is not wanted: a folder may be a whole volume


def _keep(
    path: str, member: tarfile.TarInfo | None, source: tarfile.TarFile, most: int, target: tarfile.TarFile
) -> dict[str, Any]:
    if member is None:
        return {"path": path, "taken": False, "reason": "the engine gave nothing"}
    row = {"path": path, **_attributes(member)}
    if member.isdir():
        return {**row, "taken": False, "reason": "a folder"}
    if member.size > most:
        return {**row, "taken": False, "reason": f"larger than the {most} bytes that are left"}
    member.name = path.lstrip("/")
    content = source.extractfile(member) if member.isreg() else None
    if content is None:
        target.addfile(member)
        return {**row, "taken": True}
    hashing = _Hashing(content)
    target.addfile(member, cast("IO[bytes]", hashing))
    return {**row, "taken": True, "sha256": hashing.digest.hexdigest()}


def _attributes(member: tarfile.TarInfo) -> dict[str, Any]:
    types = (
        ("file", member.isreg()),
        ("folder", member.isdir()),
        ("link", member.issym()),
        ("hard link", member.islnk()),
    )
    return {
        "type": next((name for name, true in types if true), "special"),
        "size": member.size,
        "mode": oct(member.mode),
        "uid": member.uid,
        "gid": member.gid,
        "mtime": member.mtime,
        **({"target": member.linkname} if member.linkname else {}),
    }


class _Pieces:
    """Pieces of bytes as a file that is read once, from front to back."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        """The next bytes; fewer than asked for only at the end."""
        found = self._rest.read(size)
        while len(found) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest = io.BytesIO(piece)
            found += self._rest.read(size - len(found))
        return found


class _Hashing:
    """A file whose hash is known once it has been read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = _PIECE) -> bytes:
        """The next bytes."""
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece
