# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One path of a host as it is or as it shall be, and the step from one to the other.

Everything a hardening does to files is such a step, and so is its undoing: the same code makes both, and a record of
the states before is all that undoing needs.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.undo_record import replace_file


@dataclass(frozen=True)
class FileState:
    """A path that exists. `content` is None for what is no regular file, and where it does not matter."""

    mode: int
    uid: int
    gid: int
    content: bytes | None = None
    directory: bool = False

    def to_record(self) -> dict[str, Any]:
        """The state as JSON can hold it."""
        text = None if self.content is None else base64.b64encode(self.content).decode()
        return {"mode": self.mode, "uid": self.uid, "gid": self.gid, "content": text, "directory": self.directory}

    def same_as(self, other: FileState) -> bool:
        """Whether the two do not differ in anything that both of them know."""
        known = self.content is not None and other.content is not None
        attributes = (self.mode, self.uid, self.gid) == (other.mode, other.uid, other.gid)
        return attributes and (not known or self.content == other.content)


@dataclass(frozen=True)
class FileChange:
    """A step of one path; None is "not there". `secret`: its content must not be shown."""

    path: str
    before: FileState | None
    after: FileState | None
    secret: bool = False

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        if self.before is None or self.after is None:
            return self.before is not self.after
        return not self.after.same_as(self.before)


def from_record(stored: Mapping[str, Any] | None) -> FileState | None:
    """The state that to_record() wrote."""
    if stored is None:
        return None
    content = None if stored["content"] is None else base64.b64decode(stored["content"])
    return FileState(stored["mode"], stored["uid"], stored["gid"], content, stored["directory"])


def read_state(path: str, *, content: bool) -> FileState | None:
    """The path as it is, symlinks followed; None where it is not. Raises DockerError where it cannot be read."""
    try:
        found = os.stat(path)
        regular = stat.S_ISREG(found.st_mode)
        held = _read(path) if content and regular else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise DockerError(f"{path} cannot be read: {exc.strerror}") from exc
    mode = stat.S_IMODE(found.st_mode)
    return FileState(mode, found.st_uid, found.st_gid, held, stat.S_ISDIR(found.st_mode))


def make(change: FileChange) -> None:
    """Take the step. Raises OSError with the path as it was."""
    if change.after is None:
        _remove(change)
    elif change.after.directory and change.before is None:
        os.mkdir(change.path, 0o700)
        _set_attributes(change.path, change.after)
    elif change.after.content is not None and _differs(change):
        owner = (change.after.uid, change.after.gid)
        replace_file(os.path.realpath(change.path), change.after.content, change.after.mode, owner)
    else:
        _set_attributes(change.path, change.after)


def digest(state: FileState | None) -> str | None:
    """A fingerprint of the content, None where there is none."""
    return None if state is None or state.content is None else hashlib.sha256(state.content).hexdigest()


def _differs(change: FileChange) -> bool:
    return change.before is None or change.after is None or change.before.content != change.after.content


def _remove(change: FileChange) -> None:
    if change.before is not None and change.before.directory:
        os.rmdir(change.path)
    else:
        os.unlink(change.path)


def _set_attributes(path: str, state: FileState) -> None:
    # chown clears setuid and setgid bits, so the mode comes last.
    os.chown(path, state.uid, state.gid)
    os.chmod(path, state.mode)


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
