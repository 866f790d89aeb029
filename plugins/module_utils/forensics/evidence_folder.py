# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of evidence while it is being taken: files in a folder that nobody takes for evidence until it is sealed.

Everything is written below a hidden folder beside the final one and renamed at the end, so that a run that is killed
leaves nothing half. Such leftovers are known by a lock that their writer held, and are removed by the next run.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import (
    ForensicsError,
    LittleSpace,
)

_PARTIAL = ".partial-"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def safe_name(text: str) -> str:
    """A text as a file name: what could be a path, a hidden file or a terminal's command is replaced."""
    return _UNSAFE.sub("_", text).lstrip(".-")[:100] or "_"


class EvidenceFolder:
    """One set under way. `files` are those written so far: {path, size, sha256}, paths relative to the set."""

    def __init__(self, root: str, name: str, min_free_bytes: int = 0) -> None:
        """Raises ForensicsError where the folder cannot be made, or where there is too little space to begin."""
        self.final = os.path.join(root, name)
        self.files: list[dict[str, Any]] = []
        self._min_free = min_free_bytes
        try:
            os.makedirs(root, mode=0o700, exist_ok=True)
            _require_private(root)
            self.require_space()
            remove_leftovers(root, name)
            self.path = tempfile.mkdtemp(dir=root, prefix=f".{name}{_PARTIAL}")
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as exc:
            raise _storage_error(root, exc) from exc

    def require_space(self) -> None:
        """Raise LittleSpace where less is free than shall be left for others."""
        folder = os.path.dirname(self.final)
        free = shutil.disk_usage(folder).free
        if free < self._min_free:
            raise LittleSpace(
                f"{folder} has {free // 2**20} MiB free, and {self._min_free // 2**20} MiB are to stay free: "
                "make room, or choose another folder or min_free_mb"
            )

    def write_json(self, path: str, value: Any) -> None:
        """Add a document."""
        self.write(path, [json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode(), b"\n"])

    def write(self, path: str, pieces: Iterable[bytes], limit: int | None = None) -> bool:
        """Add a file; whether all of it was written, and not only `limit` bytes.

        Raises ForensicsError where it cannot be stored; what the pieces raise goes on, and the file stays so far.
        """
        whole, digest, size = True, hashlib.sha256(), 0
        with self._file(path) as file:
            try:
                for piece in pieces:
                    kept = piece if limit is None else piece[: limit - size]
                    self._store(file, kept)
                    digest.update(kept)
                    size += len(kept)
                    if len(kept) < len(piece):
                        whole = False
                        break
            finally:
                self.files.append({"path": path, "size": size, "sha256": digest.hexdigest()})
        return whole

    def adopt(self, path: str) -> None:
        """Count in a file that another program, or an archive writer, has made below the set."""
        full = os.path.join(self.path, path)
        os.chmod(full, 0o600)
        self.files.append({"path": path, "size": os.path.getsize(full), "sha256": file_hash(full)})

    def place(self, path: str) -> str:
        """The absolute path for a file that another program writes; its folder is made."""
        full = os.path.join(self.path, path)
        try:
            os.makedirs(os.path.dirname(full), mode=0o700, exist_ok=True)
        except OSError as exc:
            raise _storage_error(full, exc) from exc
        return full

    def begin_sealing(self) -> None:
        """From now on what is written is small, and the set is worth nothing without it: space is not asked for.

        Files that a part has begun and not counted, because it failed, belong to the set as they are.
        """
        self._min_free = 0
        counted = {file["path"] for file in self.files}
        for folder, _folders, names in os.walk(self.path):
            found = (os.path.relpath(os.path.join(folder, name), self.path) for name in names)
            for path in sorted(set(found) - counted):
                self.adopt(path)

    def finish(self) -> None:
        """Put the set in its place, in one step. Raises ForensicsError where another one has come there meanwhile."""
        try:
            for folder, _folders, _files in os.walk(self.path):
                _sync(folder)
            os.rename(self.path, self.final)
            _sync(os.path.dirname(self.final))
        except OSError as exc:
            raise _storage_error(self.final, exc) from exc
        os.close(self._lock)

    def abandon(self) -> None:
        """Remove everything; safe after `finish`."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)

    @contextlib.contextmanager
    def _file(self, path: str) -> Iterator[Any]:
        full = self.place(path)
        self.require_space()
        try:
            handle = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            raise _storage_error(full, exc) from exc
        with os.fdopen(handle, "wb") as file:
            yield file
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError as exc:
                raise _storage_error(full, exc) from exc

    def _store(self, file: Any, piece: bytes) -> None:
        try:
            file.write(piece)
        except OSError as exc:
            raise _storage_error(self.path, exc) from exc


def remove_leftovers(root: str, name: str) -> None:
    """Remove what killed runs for the same set have left; a folder that a running one still writes stays."""
    for found in os.listdir(root):
        if not found.startswith(f".{name}{_PARTIAL}"):
            continue
        path = os.path.join(root, found)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(path)
        finally:
            os.close(handle)


def file_hash(path: str) -> str:
    """SHA-256 of a regular file; a symbolic link is not followed (OSError)."""
    digest = hashlib.sha256()
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _require_private(root: str) -> None:
    """What others can write to is no evidence."""
    if os.stat(root).st_mode & 0o022:
        raise ForensicsError(
            f"{root} is no place for evidence, others can write to it: chmod 0700, or choose another folder"
        )


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _storage_error(path: str, exc: OSError) -> ForensicsError:
    if exc.errno == errno.ENOSPC:
        return ForensicsError(f"No space is left for {path}: nothing was kept; make room or choose another folder")
    if exc.errno in (errno.EEXIST, errno.ENOTEMPTY):
        return ForensicsError(f"{path} came into being meanwhile: another run took the same evidence")
    return ForensicsError(f"{path} cannot be written: {exc.strerror or exc}")
