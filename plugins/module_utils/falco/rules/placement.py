# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts files into Falco's folder, or takes them out, and says what that changes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import (
    Changes,
    RulesFolder,
)


class Placement:
    """A folder as it is, and what is to be in it. exclusive: nothing else is."""

    def __init__(self, folder: RulesFolder, *, exclusive: bool) -> None:
        self._folder = folder
        self._exclusive = exclusive
        self._there = folder.read()

    def load_order(self, given: Mapping[str, str]) -> list[tuple[str, str]]:
        """What Falco is going to load from the folder: [(name of a given file or path of another, text)]."""
        stays = {} if self._exclusive else {name: text for name, text in self._there.items() if name not in given}
        names = sorted({**stays, **given})
        return [
            (name, given[name]) if name in given else (os.path.join(self._folder.path, name), stays[name])
            for name in names
        ]

    def install(self, given: Mapping[str, str], *, check: bool) -> dict[str, Any]:
        """Write what differs, and with `exclusive` remove the rest; what the module returns of it."""
        changes: dict[str, str | None] = {name: text for name, text in given.items() if self._there.get(name) != text}
        if self._exclusive:
            changes.update(dict.fromkeys(name for name in self._there if name not in given))
        return self._change(changes, check=check)

    def remove(self, names: Sequence[str], *, check: bool) -> dict[str, Any]:
        """Remove these files where they are there; what the module returns of it."""
        return self._change(dict.fromkeys(name for name in names if name in self._there), check=check)

    def _change(self, changes: Changes, *, check: bool) -> dict[str, Any]:
        if changes and not check:
            self._folder.apply(changes)
        names = sorted(changes)
        return {
            "changed": bool(changes),
            "files": [{"path": self._path(name), "action": self._action(name, changes[name])} for name in names],
            "previous": self._folder.previous if changes else "",
            "diff": [self._diff(name, changes[name] or "") for name in names],
        }

    def _path(self, name: str) -> str:
        return os.path.join(self._folder.path, name)

    def _action(self, name: str, text: str | None) -> str:
        if text is None:
            return "removed"
        return "changed" if name in self._there else "created"

    def _diff(self, name: str, after: str) -> dict[str, str]:
        path = self._path(name)
        return {"before_header": path, "after_header": path, "before": self._there.get(name, ""), "after": after}
