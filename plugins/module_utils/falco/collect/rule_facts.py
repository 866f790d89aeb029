# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of files of rules: what is declared, what is installed, and what Falco has loaded."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.yaml_text import parsed
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.check import check_rules

Facts = dict[str, Any]
_KINDS = ("rule", "macro", "list")


def rule_subjects(
    paths: Sequence[str], declared: Mapping[str, str] | None, loaded: Sequence[Mapping[str, str]]
) -> list[Facts]:
    """A subject for each file that is installed or declared, by its name.

    paths: files and folders; declared: texts by the names of files, None where nothing is declared; loaded: of each
    Falco that was asked, the SHA-256 of its files by their names.
    """
    files = {os.path.basename(path): (path, _read(path)) for path in _files(paths)}
    faults = _faults(files)
    names = sorted({*files, *(declared or ())})
    return [_subject(name, files.get(name), declared, loaded, faults.get(name, [])) for name in names]


def _files(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if os.path.isdir(path):
            yield from sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith((".yaml", ".yml")))
        else:
            yield path


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError as exc:
        raise FalcoError(f"rules_paths: {path} cannot be read: {exc.strerror}") from exc


def _faults(files: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """The errors of all files together, for one uses what another defines."""
    found: dict[str, list[str]] = {}
    for issue in check_rules([(name, text) for name, (_path, text) in files.items()]).errors:
        found.setdefault(issue.place.file, []).append(f"line {issue.place.line}: {issue.message}")
    return found


def _subject(
    name: str,
    file: tuple[str, str] | None,
    declared: Mapping[str, str] | None,
    loaded: Sequence[Mapping[str, str]],
    faults: list[str],
) -> Facts:
    path, text = file or (name, "")
    checksum = _checksum(text) if file else None
    wanted = (declared or {}).get(name)
    known = [one[name] for one in loaded if name in one]
    return {
        "subject": {"kind": "FalcoRulesFile", "name": name},
        "unknown": {},
        "path": path,
        "installed": file is not None,
        "declared": None if declared is None else name in declared,
        "sha256": checksum,
        "declared_sha256": _checksum(wanted) if wanted is not None else None,
        "same": None if wanted is None else file is not None and text == wanted,
        "changes": [] if wanted is None or file is None else item_changes(wanted, text),
        "faults": faults,
        "loaded": None if not loaded or not file else len(known) == len(loaded) and set(known) == {checksum},
        **_mode(path if file else ""),
    }


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def item_changes(declared: str, installed: str) -> list[str]:
    """What became of each item, such as `rule Terminal shell in container differs`."""
    try:
        wanted, there = _items(declared), _items(installed)
    except ValueError:
        return ["one of both is no YAML"]
    changes = [f"{name} is missing" for name in wanted if name not in there]
    changes += [f"{name} differs" for name in wanted if name in there and there[name] != wanted[name]]
    return changes + [f"{name} is not declared" for name in there if name not in wanted]


def _items(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    items = parsed(text)
    for item in items if isinstance(items, list) else ():
        kind = next((kind for kind in _KINDS if isinstance(item, Mapping) and kind in item), "requirement")
        name = f"{kind} {item[kind]}" if kind in _KINDS else kind
        while name in found:
            name += " (again)"
        found[name] = item
    return found


def _mode(path: str) -> Facts:
    if not path:
        return {"mode": None, "owner": None}
    found = os.stat(path)
    return {"mode": f"{stat.S_IMODE(found.st_mode):04o}", "owner": found.st_uid}
