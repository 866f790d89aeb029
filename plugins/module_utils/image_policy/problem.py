# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that is wrong with a bundle, and how it is said."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """`path` says where in the bundle. An `error` keeps a bundle from being used, a `warning` does not."""

    path: str
    message: str
    gate: str = ""
    trigger: str = ""
    parameter: str = ""
    level: str = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"

    def row(self) -> dict[str, str]:
        """The problem as a module returns it."""
        return asdict(self)


def suggestion(name: str, known: Iterable[str]) -> str:
    """How a sentence about an unknown name goes on: the closest that there is, or all where none is close."""
    names = list(known)
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(sorted(names))}" if names else "; there is none"
