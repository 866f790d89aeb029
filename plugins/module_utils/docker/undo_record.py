# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was there before we changed it, kept on the target so that `state: absent` can put it back.

A record is one JSON object in a file that only its owner reads. It is replaced in one step, so that a power cut
leaves the old one or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


def read_record(path: str | None) -> dict[str, Any]:
    """The record at path, empty where there is none. Raises DockerError for a file that is not a record."""
    if not path or not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as stream:
            record = json.load(stream)
    except (OSError, ValueError) as exc:
        raise DockerError(f"The record of earlier values {path} cannot be read: {exc}") from exc
    if not isinstance(record, dict):
        raise DockerError(f"The record of earlier values {path} is not a JSON object: move it away")
    return record


def write_record(path: str | None, record: dict[str, Any]) -> None:
    """Replace the record at path (mode 0600, its folder 0700 when it is made here); an empty one is removed."""
    if not path or (not record and not os.path.exists(path)):
        return
    try:
        if record:
            replace_file(path, json.dumps(record, indent=1, sort_keys=True).encode(), 0o600)
        else:
            os.unlink(path)
            # The folder is ours alone only where nothing else is left in it.
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(path))
    except OSError as exc:
        raise DockerError(f"The record of earlier values {path} cannot be written: {exc}") from exc


def replace_file(path: str, content: bytes, mode: int, owner: tuple[int, int] = (-1, -1)) -> None:
    """Put content in the place of path in one step, with its mode and (uid, gid) right from the first moment."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, mode=0o700, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".bulkhead-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
