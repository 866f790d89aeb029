# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of names with `*`, compiled once."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns fits all of the name. `*` is any text, nothing else is special."""
    return bool(patterns) and _compiled(patterns).fullmatch(name) is not None


def any_matches(names: Iterable[str], patterns: tuple[str, ...]) -> bool:
    """Whether one of the names fits one of the patterns."""
    return bool(patterns) and any(matches(name, patterns) for name in names)


@functools.lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    each = (".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    return re.compile("|".join(f"(?:{pattern})" for pattern in each), re.DOTALL)
