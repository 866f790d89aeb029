# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading daemon.json strictly, and replacing it so that a power cut leaves the old file or the new one, whole.

A name given twice, a comment, a trailing comma or NaN are refused with line and column: dockerd itself would not
start with most of them, and takes the last of two equal names in silence.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

_BOM = codecs.BOM_UTF8.decode()


class DaemonFileError(DockerError):
    """daemon.json cannot be read, understood or written."""


@dataclass(frozen=True)
class DaemonFile:
    """daemon.json as it was read.

    `path` is what was asked for, `real_path` the file behind it (a symbolic link is followed and kept). `data` is in
    the file's own order. A file that is not there has `exists` False and no data; `mtime` is in seconds.
    """

    path: str
    real_path: str
    exists: bool = False
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 0.0

    @property
    def sha256(self) -> str:
        """A fingerprint of the content; that of an empty text where there is no file."""
        return fingerprint(self.text)


def fingerprint(text: str) -> str:
    """The SHA-256 of a file's text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def read_daemon_file(path: str) -> DaemonFile:
    """daemon.json at `path`; one that is not there is empty. Raises DaemonFileError for everything else."""
    real_path = _behind(path)
    try:
        with open(real_path, "rb") as file:
            raw, status = file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return DaemonFile(path, real_path)
    except OSError as exc:
        raise DaemonFileError(f"{path} cannot be read: {exc.strerror}") from exc
    if not stat.S_ISREG(status.st_mode):
        raise DaemonFileError(f"{path} is not a regular file")
    text = _decoded(raw, path)
    mode = stat.S_IMODE(status.st_mode)
    data = parse_daemon_json(text, path)
    return DaemonFile(path, real_path, True, text, data, mode, status.st_uid, status.st_gid, status.st_mtime)


def _behind(path: str) -> str:
    real_path = os.path.realpath(path)
    if os.path.islink(path) and not os.path.exists(real_path):
        raise DaemonFileError(
            f"{path} is a symbolic link to {os.readlink(path)}, which is not there: create that file or remove the link"
        )
    return real_path


def _decoded(raw: bytes, path: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise DaemonFileError(f"{path}:{line}: not UTF-8 text; save it as UTF-8") from exc


def parse_daemon_json(text: str, path: str) -> dict[str, Any]:
    """The object that the text holds; blank text is an empty one. Raises DaemonFileError with line and column."""
    # A byte order mark is tolerated when reading, as Docker 23.0 and later do, and never written.
    bare = text[len(_BOM) :] if text.startswith(_BOM) else text
    if not bare.strip():
        return {}
    try:
        data = json.loads(bare, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as exc:
        raise DaemonFileError(f"{path}:{exc.lineno}:{exc.colno}: not JSON: {exc.msg}{_likely(bare, exc.pos)}") from exc
    except RecursionError as exc:
        raise DaemonFileError(f"{path} nests lists or objects too deeply to be a daemon.json") from exc
    except _Refused as exc:
        line, column = _place(bare, exc.pattern)
        raise DaemonFileError(f"{path}:{line}:{column}: {exc}") from exc
    if not isinstance(data, dict):
        raise DaemonFileError(f"{path}:1:1: daemon.json must hold an object in braces")
    return data


class _Refused(Exception):
    def __init__(self, message: str, pattern: str) -> None:
        super().__init__(message)
        self.pattern = pattern


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise _Refused(f"the key {name!r} is there twice; keep one", re.escape(json.dumps(name)) + r"\s*:")
        seen[name] = value
    return seen


def _no_constant(name: str) -> Any:
    raise _Refused(f"{name} is not JSON", r"(?<![\w\"])" + re.escape(name))


def _place(text: str, pattern: str) -> tuple[int, int]:
    """Line and column of the last match: of two equal keys, the second."""
    matches = list(re.finditer(pattern, text))
    start = matches[-1].start() if matches else 0
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _likely(text: str, position: int) -> str:
    before, after = text[:position].rstrip(), text[position:].lstrip()
    if before.endswith(",") and after[:1] in ("}", "]"):
        return " (a comma too many before it)"
    if re.match(r"#|//|/\*", after):
        return " (JSON has no comments)"
    return " (single quotes are not JSON)" if after.startswith("'") else ""


def render_daemon_json(data: dict[str, Any], like: str = "") -> str:
    """The text of daemon.json, indented and ended as the text it replaces; four blanks for a new one."""
    indent: str | int | None = 4
    match = re.search(r"^([ \t]+)\"", like, re.MULTILINE)
    if match:
        indent = match.group(1)
    elif like.strip() and "\n" not in like.strip() and like.strip() != "{}":
        indent = None
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    if re.search("[\ud800-\udfff]", text):
        # Half a pair of \\ud800 escapes, which dockerd takes, has no UTF-8: it stays an escape.
        text = json.dumps(data, indent=indent)
    newline = "\r\n" if "\r\n" in like else "\n"
    return text.replace("\n", newline) + ("" if like.strip() and not like.endswith("\n") else newline)


def replace_file(path: str, text: str, mode: int, uid: int, gid: int) -> None:
    """Put a whole new file in the place of `path`: write beside it, flush to the disk, rename, flush the folder.

    Raises DaemonFileError; the old file is untouched then and nothing is left beside it.
    """
    folder, temporary = os.path.dirname(path), temporary_of(path)
    try:
        _write_flushed(temporary, text, mode, uid, gid)
        os.replace(temporary, path)
    except OSError as exc:
        discard(temporary)
        raise DaemonFileError(f"{path} was left as it was, for it cannot be replaced: {exc.strerror}") from exc
    flush_folder(folder)


def temporary_of(path: str) -> str:
    """Where the new content of a file is gathered; beside it, so that a rename can put it in its place."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.bulkhead-new")


def _write_flushed(path: str, text: str, mode: int, uid: int, gid: int) -> None:
    discard(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        content = text.encode("utf-8", "surrogateescape")
        while content:
            content = content[os.write(handle, content) :]
        if (uid, gid) != (os.geteuid(), os.getegid()):
            os.fchown(handle, uid, gid)
        os.fchmod(handle, mode)
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(path: str) -> None:
    """Remove a file where there is one."""
    try:
        os.unlink(path)
    except OSError:
        return


def flush_folder(folder: str) -> None:
    """Make a rename in the folder survive a power cut, where the filesystem can do that."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
