# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot that dockerfile_audit judges: every file with its stages and instructions, and their build contexts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile import hadolint
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.context import context_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.discovery import (
    Found,
    find,
    root_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.inline_ignores import ignores_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stages import stages_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.subjects import (
    SCOPES,
    Names,
    Subjects,
    subjects_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import Dockerfile, parse
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.text_file import (
    read_text,
    text_of,
)

SCHEMA_VERSION = "1.0"
Params = Mapping[str, Any]


@dataclass
class Collected:
    """What is known so far. paths: by path, the names of files that could be read; whole: those that copy a context."""

    subjects: Subjects = field(default_factory=lambda: {scope: [] for scope in (*SCOPES, "context")})
    waivers: list[dict[str, Any]] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)


def collect(params: Params, target: str, known: Sequence[str], folder: str) -> dict[str, Any]:
    """The snapshot. known: ids of controls, for comments name them. folder: for temporary files.

    Raises DockerfileError for options that name nothing. What is wrong with one file is an error of that file alone.
    """
    program = hadolint.locate(params["hadolint"], params["hadolint_path"])
    collected = Collected()
    contexts: dict[tuple[str, str], dict[str, Any]] = {}
    for found, text in _texts(params, folder):
        whole = _whole(collected, found, text, params, target, known)
        collected.subjects["file"].append(whole)
        if _has_context(params):
            collected.subjects["context"].append(_context(found, params, collected, contexts))
    return {
        "kind": "dockerfile",
        "schema_version": SCHEMA_VERSION,
        "collected_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": {"hadolint": hadolint.version(program)} if program else {},
        "subjects": collected.subjects,
        "unseen": {}
        if _has_context(params)
        else {"context": "No build context was looked at (context, audit_context)."},
        "waivers": collected.waivers,
        "hadolint": _hadolint(program, params, collected.paths),
    }


def _has_context(params: Params) -> bool:
    return bool(params["audit_context"] and (params.get("context") or params.get("content") is None))


def _texts(params: Params, folder: str) -> list[tuple[Found, str | DockerfileError]]:
    if params.get("content") is not None:
        path = os.path.join(folder, "Dockerfile")
        with open(path, "w", encoding="utf-8") as file:
            file.write(params["content"])
        return [(Found(path, params["content_name"]), params["content"])]
    found = find(params["paths"], params.get("root") or "", params["patterns"], params["exclude"])
    if not found:
        raise DockerfileError(f"There is no Dockerfile in {', '.join(params['paths']) or 'paths, which is empty'}")
    return [(row, _text(row)) for row in found]


def _text(found: Found) -> str | DockerfileError:
    try:
        return read_text(found.path, found.name)
    except DockerfileError as exc:
        return exc


def _whole(
    collected: Collected, found: Found, text: str | DockerfileError, params: Params, target: str, known: Sequence[str]
) -> dict[str, Any]:
    """The subject of the file itself; those of its stages and instructions are added to what is collected."""
    try:
        if isinstance(text, DockerfileError):
            raise text
        text_of(text.encode("utf-8", "replace"), found.name)
        parsed = parse(text, found.name)
        stages = stages_of(parsed, found.name, params["build_args"], params.get("stage") or "")
        told = subjects_of(parsed, stages, found.name, params)
    except DockerfileError as exc:
        return {"subject": _identity("dockerfile", found.name, _line(str(exc))), "unknown": {"parsed": str(exc)}}
    whole = told["file"][0]
    told["file"] = []
    for scope, rows in told.items():
        collected.subjects[scope] += rows
    # Most files accept nothing, and need no second naming of what is in them.
    comments = _comments(parsed, found.name) if "bulkhead" in text.lower() else []
    ignores = ignores_of(comments, found.name, target, known)
    collected.waivers += ignores.waivers
    collected.paths[found.path] = found.name
    if any(row["whole_context"] for row in told["copy"]):
        collected.whole.add(found.name)
    return {**whole, "ignore_faults": ignores.faults}


def _line(message: str) -> str:
    """The line that a message begins with, file:line:; the first for one that names none."""
    parts = message.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[1].isdigit() else "1"


def _identity(kind: str, name: str, line: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "file": name, "line": line}


def _comments(parsed: Dockerfile, file: str) -> list[tuple[int, str, list[str]]]:
    """Comments, each with the names of what it stands above: the instruction, the file and its context."""
    names = Names(file)
    rows: list[tuple[int, str, list[str]]] = []
    for instruction in parsed.instructions:
        # Every instruction is named, for the second of two equal ones is so by the first.
        name = names.of(instruction)
        rows += [(line, text, [name, file]) for line, text in instruction.comments]
    return rows + [(line, text, [file]) for line, text in parsed.trailing]


def _context(
    found: Found, params: Params, collected: Collected, known: dict[tuple[str, str], dict[str, Any]]
) -> dict[str, Any]:
    """The subject of the context of a file: the folder that was named, or the one that it lies in."""
    folder = params.get("context") or os.path.dirname(found.path) or "."
    base = os.path.basename(found.path)
    own = os.path.isfile(os.path.join(folder, f"{base}.dockerignore"))
    key = (folder, base if own else "")
    try:
        facts = known.get(key) or context_facts(folder, base, params["context_max_files"])
    except DockerfileError as exc:
        names = ("ignore_file", "files", "secret_files", "repositories", "size_mb")
        facts = {"unknown": dict.fromkeys(names, str(exc))}
    known[key] = facts
    copied = {"whole_context": found.name in collected.whole}
    return {"subject": _identity("build_context", found.name, "1"), **copied, **facts}


def _hadolint(program: str | None, params: Params, paths: Mapping[str, str]) -> hadolint.Rows:
    if not program or not paths:
        return []
    first = params.get("context") or os.path.dirname(next(iter(paths))) or "."
    top = params.get("root") or root_of(params["paths"][0] if params["paths"] else first)
    full = {os.path.abspath(path): name for path, name in paths.items()}
    return hadolint.run(program, full, top, params.get("hadolint_config"))
