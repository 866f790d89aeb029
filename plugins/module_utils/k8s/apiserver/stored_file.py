# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a power cut leaves old or new, whole: written beside, flushed, renamed, and the folder flushed.

The temporary file begins with a dot, which the kubelet passes over in its folder of manifests.
"""

from __future__ import annotations

import contextlib
import hashlib
import os

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


class StoredFileError(K8sError):
    """A file cannot be read or written; the old one is still there."""


def read_text(path: str) -> str | None:
    """The text of a file; None where there is no such file. Raises StoredFileError for everything else."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as exc:
        raise StoredFileError(f"{path} is not UTF-8 text") from exc
    except OSError as exc:
        raise StoredFileError(f"{path} cannot be read: {exc.strerror}") from exc


def fingerprint(text: str | None) -> str:
    """The SHA-256 of a text in hex; "" for a file that is not there."""
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def replace_file(path: str, text: str, mode: int = 0o600, owner: tuple[int, int] = (-1, -1)) -> None:
    """Put a whole new file in the place of `path`, following a symbolic link. Raises StoredFileError."""
    path = os.path.realpath(path)
    temporary = temporary_of(path)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        remove_file(temporary)
        _write_flushed(temporary, text, mode, owner)
        os.replace(temporary, path)
    except OSError as exc:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise StoredFileError(f"{path} was left as it was, for it cannot be replaced: {exc.strerror}") from exc
    flush_folder(os.path.dirname(path))


def temporary_of(path: str) -> str:
    """Where the new content of a file is gathered, in the same folder, so that a rename can put it in its place."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.bulkhead-new")


def _write_flushed(path: str, text: str, mode: int, owner: tuple[int, int]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        content = text.encode()
        while content:
            content = content[os.write(handle, content) :]
        if owner != (-1, -1):
            os.fchown(handle, *owner)
        os.fchmod(handle, mode)
        os.fsync(handle)
    finally:
        os.close(handle)


def put(path: str, text: str | None, mode: int = 0o600, owner: tuple[int, int] = (-1, -1)) -> None:
    """Give a file this text, or take it away where that is None."""
    if text is None:
        remove_file(path)
    else:
        replace_file(path, text, mode, owner)


def remove_file(path: str) -> None:
    """Remove a file where there is one. Raises StoredFileError where it does not go."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise StoredFileError(f"{path} cannot be removed: {exc.strerror}") from exc
    flush_folder(os.path.dirname(path))


def flush_folder(folder: str) -> None:
    """Make a rename in the folder survive a power cut, where the filesystem can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
