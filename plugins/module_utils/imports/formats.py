# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that can be read, and how each is known by its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import grype
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_text import JsonText
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import outline
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import Source

AUTO = "auto"
# Facts about a report fit in this; rules and results do not, and are read one at a time.
_HEAD = 2**16


@dataclass(frozen=True)
class Format:
    """What a tool writes: its name as an option, the keys that it always has, and its reader."""

    name: str
    says: str
    known: Callable[[Any], bool]
    read: Callable[[Report], Iterator[Finding]]


def _keys(*keys: str) -> Callable[[Any], bool]:
    return lambda head: isinstance(head, dict) and all(key in head for key in keys)


FORMATS = {
    row.name: row
    for row in (Format("grype", "the keys matches and descriptor", _keys("matches", "descriptor"), grype.read),)
}


def opened(source: Source, name: str, target: str, artifact: str) -> tuple[Format, Report]:
    """The format of a report, told or found, and the report with its head read. Raises ImportFault."""
    head = outline(JsonText(source.text(), source.path), _HEAD)
    found = _told(name, head, source.path) if name != AUTO else _found(head, source.path)
    return found, Report(source, target, artifact, head)


def _told(name: str, head: Any, path: str) -> Format:
    found = FORMATS[name]
    if not found.known(head):
        raise ImportFault(f"{path} is no report of format {name}, which has {found.says}")
    return found


def _found(head: Any, path: str) -> Format:
    found = [row for row in FORMATS.values() if row.known(head)]
    if len(found) == 1:
        return found[0]
    among = " and ".join(row.name for row in found) or f"none of {', '.join(FORMATS)}"
    raise ImportFault(f"{path} could be {among}; give format" if found else f"{path} is {among}")
