# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of evidence on disk, sealed in the form that the module container_evidence verifies.

manifest.json names each file with its size and SHA-256; manifest.sha256 holds the manifest's own; custody.jsonl begins
the chain of custody, in which each line holds the hash of the one before it. Folders are 0700, files 0600.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from bulkhead_response import __name__ as _tool

MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
CUSTODY = "custody.jsonl"
SCHEMA_VERSION = "1.0"
_FIRST = "0" * 64
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class NoRoom(Exception):
    """The set cannot be stored; the message says where and why."""


def set_name(alert_id: str) -> str:
    """The folder of an alert's evidence: its id, or the hash of one that is no name of a file."""
    return alert_id if _SAFE.fullmatch(alert_id) else hashlib.sha256(alert_id.encode()).hexdigest()


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest_of(path: str) -> str | None:
    """The hash of the manifest of a set that is complete; None where there is none."""
    try:
        with open(os.path.join(path, MANIFEST), "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return None


def require_room(root: str, wanted: int, stays_free: int) -> None:
    """Make the folder; NoRoom where less than `wanted` bytes can be written and `stays_free` be left."""
    try:
        os.makedirs(root, mode=0o700, exist_ok=True)
        free = shutil.disk_usage(root).free
    except OSError as error:
        raise NoRoom(f"{root} cannot be used: {os.strerror(error.errno or 0)}") from error
    if free < wanted + stays_free:
        raise NoRoom(
            f"{root} has {free} bytes free: too few for {wanted}, of which {stays_free} are to stay free beside"
        )


def write_set(path: str, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> str:
    """Store a set at once; the hash of its manifest. NoRoom where it cannot be; nothing half is left then.

    files: {relative path: content}. facts: of the manifest, beside schema_version and files; `case`, `reason` and
    `subject` are in the record of custody too. A set that somebody else has put there meanwhile stays, and is its own.
    """
    try:
        with _hidden(path) as folder:
            digest = _fill(folder, files, facts)
            _move(folder, path)
    except OSError as error:
        raise NoRoom(f"{path} cannot be written: {os.strerror(error.errno or 0)}") from error
    return digest_of(path) or digest


@contextlib.contextmanager
def _hidden(path: str) -> Iterator[str]:
    """A folder beside the final one, that nobody takes for evidence; it is gone afterwards.

    Its writer holds a lock on it: what a runner that was killed has left is known by having none.
    """
    root, name = os.path.split(path)
    prefix = f".{name}.partial-"
    _remove_leftovers(root, prefix)
    folder = tempfile.mkdtemp(dir=root, prefix=prefix)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _remove_leftovers(root: str, prefix: str) -> None:
    for name in os.listdir(root):
        if not name.startswith(prefix):
            continue
        handle = os.open(os.path.join(root, name), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(os.path.join(root, name), ignore_errors=True)
        except BlockingIOError:
            continue  # another writes it at this moment
        finally:
            os.close(handle)


def _fill(folder: str, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> str:
    rows = []
    for name, content in sorted(files.items()):
        _write(os.path.join(folder, name), content)
        rows.append({"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    taken_by = {"time": now(), "who": {"uid": os.getuid()}, "host": socket.gethostname(), "tool": _tool}
    manifest = {"schema_version": SCHEMA_VERSION, **facts, "taken_by": taken_by, "files": rows}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode(errors="replace") + b"\n"
    digest = hashlib.sha256(text).hexdigest()
    _write(os.path.join(folder, MANIFEST), text)
    _write(os.path.join(folder, DIGEST), f"{digest}  {MANIFEST}\n".encode())
    told = {key: facts[key] for key in ("case", "reason", "subject")}
    line = {"seq": 1, "event": "taken", "manifest_sha256": digest, **taken_by, **told, "previous": _FIRST}
    line["hash"] = hashlib.sha256(_line(line)).hexdigest()
    _write(os.path.join(folder, CUSTODY), _line(line) + b"\n")
    return digest


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _move(folder: str, path: str) -> None:
    """Into its place in one step. A complete set that is there already stays."""
    if digest_of(path) is not None:
        return
    os.rename(folder, path)
    handle = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
