# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of rules that a task names: by their content, or by where they are on the target."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import (
    SUFFIXES,
    RulesTaskError,
    read_text,
    rules_files,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
Entries = Sequence[Mapping[str, Any]]


def given_files(entries: Entries, *, paths: bool) -> dict[str, str]:
    """{name: text}. paths: files are called by where they are, in the order given; else by the names that they get."""
    files: dict[str, str] = {}
    for entry in entries:
        for name, text in _files_of(entry, paths=paths):
            if name in files:
                raise RulesTaskError(f"rules: two files have the name {name}")
            files[name] = text
    if not files:
        raise RulesTaskError("rules: name at least one file")
    return files


def given_names(entries: Entries) -> list[str]:
    """The names that the files have in Falco's folder."""
    return [_checked(entry["name"] or os.path.basename(entry["src"] or "")) for entry in entries]


def _files_of(entry: Mapping[str, Any], *, paths: bool) -> Iterator[tuple[str, str]]:
    if entry["content"] is not None:
        yield entry["name"] if paths and entry["name"] else _checked(entry["name"] or ""), entry["content"]
        return
    if entry["src"] is None:
        raise RulesTaskError(f"rules: {entry['name'] or 'a file'} needs content or src")
    files = rules_files(entry["src"])
    if not files:
        raise RulesTaskError(f"rules: {entry['src']} holds no file that ends in {' or '.join(SUFFIXES)}")
    if entry["name"] and len(files) > 1:
        raise RulesTaskError(f"rules: {entry['src']} holds several files, which cannot all be named {entry['name']}")
    for file in files:
        yield file if paths else _checked(entry["name"] or os.path.basename(file)), read_text(file)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or not name.endswith(SUFFIXES):
        raise RulesTaskError(
            f"rules: {name!r} cannot be the name of a file in Falco's folder: it is of letters, digits, '_', '-' and "
            "'.', and ends in .yaml or .yml"
        )
    return name
