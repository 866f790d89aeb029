# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags of a component's command line, whatever the component. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def flags_of(argv: Sequence[str]) -> dict[str, list[str]]:
    """The values of each flag, in order: `--name=value`, `--name value`, and true for `--name` alone.

    No component takes arguments without a flag, so that a word without dashes is the value of the flag before it.
    """
    found: dict[str, list[str]] = {}
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            value = words.pop(0) if words and not words[0].startswith("-") else "true"
        found.setdefault(name.replace("_", "-"), []).append(value)
    return found


def program_of(argv: Sequence[str]) -> str:
    """The name of the program, without its folder."""
    return argv[0].rpartition("/")[2] if argv else ""
