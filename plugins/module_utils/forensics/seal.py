# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seal of a set of evidence: a manifest with the hash of every file, its own hash beside it, and the chain of
custody that begins with it. Verifying recomputes all of it.

Whoever can write the folder can also make a new seal. The hash of the manifest, which taking returns, is what proves
that the set is the same: keep it elsewhere, and give it when verifying.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import custody
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
    file_hash,
)

MANIFEST, DIGEST = "manifest.json", "manifest.sha256"
SCHEMA_VERSION = "1.0"
_OWN = frozenset({MANIFEST, DIGEST, custody.NAME})
_LARGEST_MANIFEST = 64 * 2**20


def seal(folder: EvidenceFolder, facts: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    """Write manifest and chain into a set under way, and return the hash of the manifest.

    facts: of the manifest, beside schema_version and files. line: time and facts of the first record of custody.
    """
    folder.begin_sealing()
    manifest = {"schema_version": SCHEMA_VERSION, **facts, "files": sorted(folder.files, key=lambda file: file["path"])}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    digest = hashlib.sha256(text).hexdigest()
    folder.write(MANIFEST, [text])
    folder.write(DIGEST, [f"{digest}  {MANIFEST}\n".encode()])
    first = custody.entry(None, event="taken", manifest_sha256=digest, **line)
    folder.write(custody.NAME, [custody.as_text(first).encode()])
    return digest


def read_manifest(path: str) -> tuple[dict[str, Any], str]:
    """The manifest of a set and its hash as it is now. Raises ForensicsError."""
    file = os.path.join(path, MANIFEST)
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
            text = stream.read(_LARGEST_MANIFEST)
        manifest = json.loads(text)
    except (OSError, ValueError, RecursionError) as exc:
        raise ForensicsError(f"{file} is no manifest of evidence: {getattr(exc, 'strerror', None) or exc}") from exc
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        raise ForensicsError(f"{file} is no manifest of evidence: it lists no files")
    return manifest, hashlib.sha256(text).hexdigest()


def problems(path: str, expected: str | None = None) -> tuple[list[str], str, str]:
    """What is not as it was sealed, in sentences; the hash of the manifest; the last hash of the chain of custody.

    expected: the hash of the manifest as it was kept elsewhere. A set without a readable manifest is one problem.
    """
    try:
        manifest, digest = read_manifest(path)
    except ForensicsError as exc:
        return [str(exc)], "", ""
    found = [*_manifest_problems(path, digest, expected), *_file_problems(path, manifest)]
    faults, last = custody.faults(_lines(path))
    found += faults
    if not faults and last is not None and _first_seal(path) != digest:
        found.append(f"{custody.NAME}: it was begun for another manifest")
    return found, digest, str(last["hash"]) if last else ""


def custody_records(path: str) -> list[dict[str, Any]]:
    """The chain of a set. Raises ForensicsError where it is broken."""
    lines = _lines(path)
    faults, _last = custody.faults(lines)
    if faults:
        raise ForensicsError(f"{path}: the chain of custody is broken: {faults[0]}")
    return [json.loads(line) for line in lines]


def append_custody(path: str, **facts: Any) -> str:
    """Add a record to the chain of a set, and return its hash. Raises ForensicsError where the chain is broken."""
    faults, last = custody.faults(_lines(path))
    if faults:
        raise ForensicsError(f"{path}: nothing was added, for {faults[0]}")
    line = custody.entry(last, **facts)
    file = os.path.join(path, custody.NAME)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW), "ab") as stream:
            stream.write(custody.as_text(line).encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as exc:
        raise ForensicsError(f"{file} cannot be written: {exc.strerror or exc}") from exc
    return str(line["hash"])


def _manifest_problems(path: str, digest: str, expected: str | None) -> Iterator[str]:
    if expected and digest != expected:
        yield f"{MANIFEST} has the hash {digest}, and {expected} was kept of it: it is not the one that was sealed"
    try:
        with open(os.path.join(path, DIGEST), encoding="utf-8") as file:
            written = file.read(200).split()
    except (OSError, ValueError):
        yield f"{DIGEST} is missing"
        return
    if written[:1] != [digest]:
        yield f"{MANIFEST} was changed: it has another hash than {DIGEST} says"


def _file_problems(path: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    listed = {}
    for row in manifest["files"]:
        if not isinstance(row, dict) or not {"path", "size", "sha256"} <= set(row):
            yield f"{MANIFEST} holds a row that is no file"
            continue
        listed[row["path"]] = row
    there = set(_walk(path)) - _OWN
    yield from (f"{name} was added" for name in sorted(there - set(listed)))
    yield from (f"{name} is missing" for name in sorted(set(listed) - there))
    for name in sorted(there & set(listed)):
        yield from _content_problem(os.path.join(path, name), listed[name])


def _content_problem(full: str, row: Mapping[str, Any]) -> Iterator[str]:
    try:
        status = os.lstat(full)
        if not stat.S_ISREG(status.st_mode):
            yield f"{row['path']} was replaced by what is no file"
        elif status.st_size != row["size"] or file_hash(full) != row["sha256"]:
            yield f"{row['path']} was changed"
    except OSError as exc:
        yield f"{row['path']} cannot be read: {exc.strerror or exc}"


def _walk(path: str) -> Iterator[str]:
    """Everything that is no folder, symbolic links too, relative to the set."""
    for folder, folders, files in os.walk(path):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        yield from (os.path.relpath(os.path.join(folder, name), path) for name in (*files, *links))


def _lines(path: str) -> list[str]:
    try:
        with open(os.path.join(path, custody.NAME), encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST_MANIFEST).splitlines()
    except OSError:
        return []


def _first_seal(path: str) -> str:
    return str(json.loads(_lines(path)[0]).get("manifest_sha256"))
