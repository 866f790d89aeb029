# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepted risks that stand in the Dockerfile itself: `# bulkhead ignore=CONTROLS owner=WHO expires=DAY reason`.

They say what a waiver says, and become one: nothing is accepted without an owner, a reason and an end.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import WaiverError, waiver_from

_MARK = re.compile(r"#\s*bulkhead\s+(?=ignore)(.*)", re.IGNORECASE)
_SETTING = re.compile(r"(ignore|owner|expires)=(\S*)\s*")


@dataclass
class Ignores:
    """Of one file: waivers as the report takes them, and what is wrong with comments that are none."""

    waivers: list[dict[str, Any]]
    faults: list[str]


def ignores_of(
    comments: Iterable[tuple[int, str, Sequence[str]]], file: str, target: str, known: Sequence[str]
) -> Ignores:
    """comments: (line, text, names of the subjects that it speaks of). known: the ids of controls that there are."""
    told = Ignores([], [])
    for line, text, names in comments:
        mark = _MARK.match(text)
        if not mark:
            continue
        try:
            told.waivers.append(_waiver(mark[1], f"{file}:{line}", names, target, known, len(told.waivers) + 1))
        except WaiverError as exc:
            told.faults.append(str(exc))
    return told


def _waiver(
    text: str, source: str, names: Sequence[str], target: str, known: Sequence[str], number: int
) -> dict[str, Any]:
    settings, reason = _settings(text)
    controls = [control for control in settings.get("ignore", "").split(",") if control]
    for control in controls:
        if not control.startswith("hadolint.") and not any(fnmatch.fnmatchcase(name, control) for name in known):
            raise WaiverError(f"{source}: ignore={control} names no control")
    # Not by its line, which moves.
    file = source.rpartition(":")[0]
    row: dict[str, Any] = {
        "id": f"{file}#{number}",
        "control": controls,
        "target": glob.escape(target),
        "subject": {"name": [glob.escape(name) for name in names]},
        "owner": settings.get("owner", ""),
        "reason": reason,
        "expires": settings.get("expires", ""),
    }
    waiver_from(row, source)
    return row


def _settings(text: str) -> tuple[dict[str, str], str]:
    """The settings at the beginning, and the reason, which is all behind them."""
    settings: dict[str, str] = {}
    found = _SETTING.match(text)
    while found:
        settings[found[1]] = found[2]
        text = text[found.end() :]
        found = _SETTING.match(text)
    return settings, text.strip(" :-")
