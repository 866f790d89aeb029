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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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


def batches(rows: Sequence[Mapping[str, str]], mount_points: Iterable[str] = ()) -> dict[str, list[str]]:
    """What to ask for, and the leaves that come with it: a folder that was added brings all of them in one answer.

    A folder with a mount point below it is not asked for as a whole: the answer would hold the volume too.
    """
    mounts = [point.rstrip("/") for point in mount_points]
    added = {row["path"] for row in rows if row["kind"] == "added"}
    whole = {path for path in added if not any(point == path or point.startswith(f"{path}/") for point in mounts)}
    found: dict[str, list[str]] = {}
    for leaf in leaves(rows):
        found.setdefault(_topmost(leaf, whole), []).append(leaf)
    return found


def _topmost(leaf: str, whole: Collection[str]) -> str:
    """The highest of the folders above a path that can be asked for as a whole, the path itself where none can."""
    parts = leaf.split("/")
    folders = ("/".join(parts[:depth]) for depth in range(2, len(parts)))
    return next((folder for folder in folders if folder in whole), leaf)


def take(
    engine: Engine,
    container_id: str,
    wanted: Mapping[str, Iterable[str]],
    bounds: Bounds,
    folder: EvidenceFolder,
    at: str,
) -> str:
    """Write archive and index below `at`; what was left out, in one sentence, empty where nothing was.

    wanted: what to ask the engine for, and the paths that shall be taken from the answer (see `batches`).
    """
    with tarfile.open(folder.place(f"{at}/{ARCHIVE}"), "x", format=tarfile.PAX_FORMAT) as target:
        taking = _Taking(engine, container_id, bounds, target)
        for asked, paths in wanted.items():
            folder.require_space()
            taking.batch(asked, paths)
    folder.adopt(f"{at}/{ARCHIVE}")
    rows = sorted(taking.rows, key=lambda row: str(row["path"]))
    folder.write_json(f"{at}/{INDEX}", rows)
    missing = [row for row in rows if not row["taken"] and row.get("type") != "folder"]
    return f"{len(missing)} of {len(rows)} were not taken, the first for: {missing[0]['reason']}" if missing else ""


@dataclass
class _Taking:
    """An archive under way. `rows` is its index, `size` what it holds of contents so far, in bytes."""

    engine: Engine
    container_id: str
    bounds: Bounds
    target: tarfile.TarFile
    rows: list[dict[str, Any]] = field(default_factory=list)
    taken: int = 0
    size: int = 0

    def batch(self, asked: str, paths: Iterable[str]) -> None:
        """Take these paths out of one answer of the engine; each has a row afterwards."""
        wanted = set(paths)
        reason = f"more than {self.bounds.files} files"
        if self.taken < self.bounds.files:
            try:
                self._read(asked, wanted)
                reason = "the engine did not give it"
            except (DockerError, tarfile.TarError, http.client.HTTPException) as exc:
                reason = str(exc)
            finally:
                self.engine.close()  # what is left of the answer is not wanted: a folder may be a whole volume
        self.rows += [{"path": path, "taken": False, "reason": reason} for path in sorted(wanted)]

    def _read(self, asked: str, wanted: set[str]) -> None:
        pieces = self.engine.stream(f"/containers/{self.container_id}/archive", path=asked)
        above = asked.rpartition("/")[0]
        with tarfile.open(fileobj=cast("IO[bytes]", _Pieces(pieces)), mode="r|") as source:
            for member in source:
                path = f"{above}/{member.name.strip('/')}"
                if path in wanted:
                    wanted.remove(path)
                    self.rows.append({"path": path, **_attributes(member), **self._keep(path, above, member, source)})
                if not wanted:
                    return

    def _keep(self, path: str, above: str, member: tarfile.TarInfo, source: tarfile.TarFile) -> dict[str, Any]:
        most = min(self.bounds.file_bytes, self.bounds.total_bytes - self.size)
        if member.isdir():
            return {"taken": False, "reason": "a folder"}
        if self.taken >= self.bounds.files:
            return {"taken": False, "reason": f"more than {self.bounds.files} files"}
        if member.size > most:
            return {"taken": False, "reason": f"larger than the {most} bytes that are left"}
        self.taken += 1
        self.size += member.size
        content = source.extractfile(member) if member.isreg() else None
        member.name = path.lstrip("/")
        if content is None:
            if member.islnk():
                member.linkname = f"{above}/{member.linkname}".lstrip("/")
            self.target.addfile(member)
            return {"taken": True}
        hashing = _Hashing(content)
        self.target.addfile(member, cast("IO[bytes]", hashing))
        return {"taken": True, "sha256": hashing.digest.hexdigest()}


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
