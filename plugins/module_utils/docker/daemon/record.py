# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered between two runs about one daemon.json, in a folder of its own that only root can read.

record.json: which keys we set, what was there before, and which the running daemon is known to have taken over.
journal.json: there only while a change is under way; one that is found was left by a run that was cut off.
original.json: the file from before our first change. daemon.json.TIME: the backups.
A power cut at any moment leaves each of these files whole or absent.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFile,
    discard,
    fingerprint,
    read_daemon_file,
    replace_file,
    temporary_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.merge import Record
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

_ABSENT = "absent"


class DaemonRecord:
    """The memory about the daemon.json at `config_path` (its real path), below `state_dir`."""

    def __init__(self, state_dir: str, config_path: str) -> None:
        name = hashlib.sha256(config_path.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        self.folder = os.path.join(state_dir, f"daemon-config-{name}")
        self.config_path = config_path
        stored = self._load("record.json")
        self.changes: Record = stored.get("changes", {})
        self.created: bool = stored.get("created", False)
        self._applied: dict[str, Any] = stored.get("applied", {})
        self.journal: dict[str, Any] = self._load("journal.json")

    def adopt_journal(self, file: DaemonFile) -> None:
        """After a run that was cut off: what it had already written into the file counts as our change."""
        if self.journal and file.sha256 == self.journal.get("new_sha256"):
            self.changes = self.journal.get("changes", self.changes)
            self.created = self.created or not self.journal.get("existed", True)
            self._applied = {}

    @property
    def unfinished_keys(self) -> list[str]:
        """The keys that a run was bringing into effect when it was cut off."""
        return list(self.journal.get("keys", []))

    @property
    def good_file(self) -> str:
        """A copy of the last daemon.json that the daemon is known to have run with."""
        return os.path.join(self.folder, "good.json")

    def applied_keys(self, file: DaemonFile, process: DaemonProcess | None) -> frozenset[str]:
        """The keys that this process is known to have taken over with the values that the file has now."""
        if process is None or self._applied.get("process") != _identity(process):
            return frozenset()
        marks: dict[str, str] = self._applied.get("values", {})
        return frozenset(key for key, mark in marks.items() if mark == _mark(file.data, key))

    def open_journal(self, docker_host: str, file: DaemonFile, new_text: str, **more: Any) -> None:
        """Say what is about to happen, before it does. `more`: the backup's path, the changes, the keys."""
        journal = {
            "docker_host": docker_host,
            "config_path": self.config_path,
            "existed": file.exists,
            "old_sha256": file.sha256,
            "new_sha256": fingerprint(new_text),
            **more,
        }
        self._store("journal.json", journal)
        self.journal = journal

    def finish(self, file: DaemonFile) -> None:
        """Clear up after a run that was cut off when all was done, or nothing."""
        discard(temporary_of(file.real_path))
        self.save(file.data, (), None)
        self.close_journal()

    def close_journal(self) -> None:
        """The change is complete, or wholly taken back."""
        discard(os.path.join(self.folder, "journal.json"))
        self.journal = {}

    def save(self, data: Mapping[str, Any], keys: Iterable[str], process: DaemonProcess | None) -> None:
        """Remember our changes, and that the process has taken over these keys of `data`."""
        if process is not None:
            values = {key: _mark(data, key) for key in keys}
            self._applied = {"process": _identity(process), "values": values}
        stored = {"changes": self.changes, "created": self.created, "applied": self._applied}
        if self.changes or self._applied.get("values"):
            self._store("record.json", stored)

    def keep_good(self, text: str) -> None:
        """Keep a copy of a file that the daemon runs with."""
        self._make_folder()
        replace_file(self.good_file, text, 0o600, os.geteuid(), os.getegid())

    def back_up(self, file: DaemonFile) -> str | None:
        """Copy daemon.json as it is into the folder, readable by its owner alone; its path, None without a file."""
        if not file.exists:
            return None
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f".{time.time_ns() % 10**9:09d}"
        path = os.path.join(self.folder, f"daemon.json.{stamp}")
        self._make_folder()
        replace_file(path, file.text, 0o600, os.geteuid(), os.getegid())
        return path

    def keep_original(self, file: DaemonFile) -> None:
        """Before our first change: keep the file, so that it can come back to the byte."""
        if file.exists and not self.changes:
            self._make_folder()
            replace_file(self._original, file.text, 0o600, os.geteuid(), os.getegid())

    def original_text(self, data: Mapping[str, Any]) -> str | None:
        """The text from before our first change, where that says exactly this."""
        with contextlib.suppress(DockerError):
            original = read_daemon_file(self._original)
            return original.text if original.exists and original.data == data else None
        return None

    @property
    def _original(self) -> str:
        return os.path.join(self.folder, "original.json")

    def prune(self, keep: int) -> None:
        """Remove the oldest backups beyond `keep`."""
        with contextlib.suppress(OSError):
            names = sorted(name for name in os.listdir(self.folder) if name.startswith("daemon.json."))
            for name in names[: max(len(names) - keep, 0)]:
                discard(os.path.join(self.folder, name))

    def _load(self, name: str) -> dict[str, Any]:
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                stored = json.load(file)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as exc:
            raise DockerError(f"{self.folder}/{name} cannot be read: {exc}; remove it to go on without it") from exc
        return stored if isinstance(stored, dict) else {}

    def _store(self, name: str, value: Mapping[str, Any]) -> None:
        self._make_folder()
        text = json.dumps(value, indent=1, sort_keys=True)
        replace_file(os.path.join(self.folder, name), text, 0o600, os.geteuid(), os.getegid())

    def _make_folder(self) -> None:
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
        except OSError as exc:
            raise DockerError(f"state_dir: {self.folder} cannot be made: {exc.strerror}; nothing was changed") from exc


def cut_off(state_dir: str, docker_host: str) -> DaemonRecord | None:
    """The memory of a run that was cut off while it changed the daemon at `docker_host`; None where there is none."""
    for path in sorted(glob.glob(os.path.join(glob.escape(state_dir), "daemon-config-*", "journal.json"))):
        with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as file:
            journal = json.load(file)
            if journal.get("docker_host") == docker_host:
                return DaemonRecord(state_dir, journal["config_path"])
    return None


def _identity(process: DaemonProcess) -> str:
    """A process told from every other one of this boot and of others."""
    try:
        with open(f"{process.proc}/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        boot = ""
    return f"{boot}/{process.pid}/{process.start_ticks}"


def _mark(data: Mapping[str, Any], key: str) -> str:
    """A fingerprint of a key's value, so that no secret is stored twice."""
    if key not in data:
        return _ABSENT
    return hashlib.sha256(json.dumps(data[key], sort_keys=True).encode()).hexdigest()[:16]


@contextlib.contextmanager
def one_run_at_a_time(folder: str, wait: float) -> Iterator[None]:
    """Hold the lock of a configuration folder; DockerError after `wait` seconds of another run holding it.

    The folder itself is locked (flock(2)): nothing is left behind, and the lock goes with the process.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + wait
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as exc:
                if time.monotonic() >= deadline:
                    raise DockerError(
                        f"Another run has been changing the Docker configuration in {folder} for more than {wait:g} s; "
                        "nothing was changed. Run again when it is done"
                    ) from exc
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)
