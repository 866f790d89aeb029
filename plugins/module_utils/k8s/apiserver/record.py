# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered between two runs about one API server, in a folder of its own that only root can read.

record.json: what we changed and what was there before. journal.json: there only while a change is under way; one that
is found was left by a run that was cut off. original: the configuration from before our first change.
config.TIME: the backups, which must not lie beside the manifest, where the kubelet would run them as pods.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import (
    fingerprint,
    put,
    read_text,
    remove_file,
    replace_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

Changes = dict[str, Any]
# Texts of files by their path; None for a file that is not there.
Texts = Mapping[str, Optional[str]]


def no_changes() -> Changes:
    """The record of a server that we have not changed.

    flags: {name: {before, after}}, both lists or None; files: {path: whether it was there before};
    mounts: names; probes: {key: the probe before}; reencrypted: "provider/key" that every object is known to have.
    """
    return {"flags": {}, "files": {}, "mounts": [], "probes": {}, "reencrypted": ""}


class Record:
    """The memory about the configuration at `config_path`, below `state_dir`."""

    def __init__(self, state_dir: str, config_path: str) -> None:
        name = hashlib.sha256(os.path.realpath(config_path).encode()).hexdigest()[:12]
        self.folder = os.path.join(state_dir, f"apiserver-{name}")
        self.changes: Changes = {**no_changes(), **self._load("record.json")}
        self.journal: dict[str, Any] = self._load("journal.json")

    @property
    def original(self) -> str | None:
        """The configuration from before our first change."""
        return read_text(self._path("original"))

    @property
    def empty(self) -> bool:
        """Whether nothing of ours is there."""
        return not any(self.changes[key] for key in ("flags", "files", "mounts", "probes"))

    def text_before(self, path: str) -> str | None:
        """What a file held before our first change of it; None where it was not there."""
        return read_text(self._copy_of(path, "before")) if self.changes["files"].get(path) else None

    def begin(self, old: str | None, new: str, changes: Changes, files: Texts, process: str) -> str | None:
        """Say what is about to happen, before it does. files: as they are now. The path of the backup."""
        if self.empty and old is not None:
            replace_file(self._path("original"), old)
        for path, text in files.items():
            if text is not None:
                replace_file(self._copy_of(path, "undo"), text)
                if path not in self.changes["files"]:
                    replace_file(self._copy_of(path, "before"), text)
        backup = self._back_up(old)
        journal = {
            "old": fingerprint(old),
            "new": fingerprint(new),
            "backup": backup,
            "changes": changes,
            "files": {path: text is not None for path, text in files.items()},
            "process": process,
        }
        self._store("journal.json", journal)
        self.journal = journal
        return backup

    def undo_texts(self) -> Texts:
        """What the files of the journal held before the change that it tells of."""
        files = self.journal.get("files", {})
        return {path: read_text(self._copy_of(path, "undo")) if there else None for path, there in files.items()}

    def old_text(self) -> str | None:
        """The configuration from before the change that the journal tells of."""
        backup = self.journal.get("backup")
        return read_text(backup) if backup else None

    def save(self, changes: Changes) -> None:
        """Remember what we have changed, all in all."""
        self.changes = changes
        self._store("record.json", changes)

    def close(self) -> None:
        """The change is complete, or wholly taken back. Old keys must not survive in copies of files."""
        for path in self.journal.get("files", {}):
            remove_file(self._copy_of(path, "undo"))
        remove_file(self._path("journal.json"))
        self.journal = {}

    def keep_failed(self, path: str, text: str) -> None:
        """Keep a file that did not work out, such as one with a key that may already have written something."""
        replace_file(self._copy_of(path, "failed"), text)

    def prune(self, keep: int) -> None:
        """Remove the oldest backups beyond `keep`."""
        with contextlib.suppress(OSError):
            names = sorted(name for name in os.listdir(self.folder) if name.startswith("config."))
            for name in names[: max(len(names) - keep, 0)]:
                remove_file(self._path(name))

    def _back_up(self, text: str | None) -> str | None:
        if text is None:
            return None
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f".{time.time_ns() % 10**9:09d}"
        path = self._path(f"config.{stamp}")
        replace_file(path, text)
        return path

    def _copy_of(self, path: str, why: str) -> str:
        return self._path(f"{why}-{hashlib.sha256(path.encode()).hexdigest()[:12]}-{os.path.basename(path)}")

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _load(self, name: str) -> dict[str, Any]:
        text = read_text(self._path(name))
        try:
            stored = json.loads(text or "{}")
        except ValueError as exc:
            raise K8sError(f"{self._path(name)} is not JSON: {exc}; remove it to go on without it") from exc
        return stored if isinstance(stored, dict) else {}

    def _store(self, name: str, value: Mapping[str, Any]) -> None:
        put(self._path(name), json.dumps(value, indent=1, sort_keys=True))


@contextlib.contextmanager
def one_run_at_a_time(folder: str, wait: float) -> Iterator[None]:
    """Hold the lock of a configuration folder (flock(2), nothing stays behind); K8sError after `wait` seconds."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + wait
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as exc:
                if time.monotonic() >= deadline:
                    raise K8sError(
                        f"Another run has been changing the API server's configuration in {folder} for more than "
                        f"{wait:g} s; nothing was changed. Run again when it is done"
                    ) from exc
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)
