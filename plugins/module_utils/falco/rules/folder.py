# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that Falco reads rules from: what is in it, and how a new set takes the place of the old one.

Files are written beside it first, the old set is kept in FOLDER.previous, and where a file cannot be put in its place
all that were put there before are taken back.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from typing import Optional

SUFFIXES = (".yaml", ".yml")
Changes = Mapping[str, Optional[str]]


class RulesTaskError(Exception):
    """What was asked for cannot be done; the message says what, where and what to do."""


def read_text(path: str) -> str:
    """The text of a rules file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as exc:
        raise RulesTaskError(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise RulesTaskError(f"{path} is not UTF-8 text; save it as UTF-8") from exc


def rules_files(path: str) -> list[str]:
    """The file itself, or the rules files of a folder in the order in which Falco loads them."""
    if not os.path.isdir(path):
        return [path]
    try:
        names = sorted(os.listdir(path))
    except OSError as exc:
        raise RulesTaskError(f"{path} cannot be read: {exc.strerror}") from exc
    files = [os.path.join(path, name) for name in names if name.endswith(SUFFIXES)]
    return [file for file in files if os.path.isfile(file)]


class RulesFolder:
    """A folder of rules files."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/") or "/"
        self.previous = f"{self.path}.previous"

    def read(self) -> dict[str, str]:
        """{name: text} of its rules files; nothing where there is no such folder."""
        if not os.path.lexists(self.path):
            return {}
        if not os.path.isdir(self.path):
            raise RulesTaskError(f"{self.path} is no folder: name the folder that Falco reads its rules from")
        return {os.path.basename(file): read_text(file) for file in rules_files(self.path)}

    def apply(self, changes: Changes) -> None:
        """Write these files, and remove those whose text is None. All of them, or none."""
        try:
            os.makedirs(self.path, mode=0o755, exist_ok=True)
            new = tempfile.mkdtemp(prefix=f".{os.path.basename(self.path)}-", dir=os.path.dirname(self.path))
        except OSError as exc:
            raise RulesTaskError(f"{self.path} cannot be written to: {exc.strerror}") from exc
        try:
            self._keep(new)
            self._replace(changes, new)
        except OSError as exc:
            raise RulesTaskError(f"{self.path} was left as it was: {exc.filename}: {exc.strerror}") from exc
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _keep(self, new: str) -> None:
        """Copy the present set; the copy takes the place of an older one only when it is whole."""
        copy = os.path.join(new, "previous")
        os.mkdir(copy, 0o755)
        for file in rules_files(self.path):
            shutil.copy2(file, copy)
        older = os.path.join(new, "older")
        if os.path.lexists(self.previous):
            os.rename(self.previous, older)
        os.rename(copy, self.previous)

    def _replace(self, changes: Changes, new: str) -> None:
        for name, text in changes.items():
            if text is not None:
                self._stage(os.path.join(new, name), os.path.join(self.path, name), text)
        done: list[str] = []
        try:
            for name, text in changes.items():
                done.append(name)
                path = os.path.join(self.path, name)
                if text is None:
                    os.unlink(path)
                else:
                    os.replace(os.path.join(new, name), path)
            _flush(self.path)
        except OSError:
            self._take_back(done)
            raise

    def _stage(self, staged: str, path: str, text: str) -> None:
        """Write the new file beside the folder, with the owner and mode of the one that it replaces."""
        with open(staged, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            old: os.stat_result | None = os.stat(path)
        except FileNotFoundError:
            old = None
        os.chmod(staged, stat.S_IMODE(old.st_mode) if old else 0o644)
        if old and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(staged, old.st_uid, old.st_gid)

    def _take_back(self, names: list[str]) -> None:
        for name in names:
            old, path = os.path.join(self.previous, name), os.path.join(self.path, name)
            if os.path.exists(old):
                shutil.copy2(old, path)
            elif os.path.exists(path):
                os.unlink(path)


def _flush(folder: str) -> None:
    """Make the renames outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
