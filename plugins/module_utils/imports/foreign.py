# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that others wrote, made fit for a report: typed, in one line, without what moves a terminal's cursor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST_NAME, LONGEST_TEXT = 300, 600
# Controls (C0, DEL, C1), other spaces than the one, separators of lines and paragraphs, marks that turn the order of
# words, and halves of pairs.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff\ud800-\udfff]+")


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """A text in one line of at most so many characters; "" for what is neither text nor a number."""
    if isinstance(value, str):
        # Most are short and clean, and there are millions.
        if len(value) <= longest and value.isprintable():
            return value.strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value:.15g}" if isinstance(value, float) or abs(value) < 10**15 else "a large number"
    else:
        return ""
    # What comes after many times the length cannot show, and cleaning a huge text takes time.
    shown = _UNSHOWABLE.sub(" ", value[: longest * 4])
    shown = shown.strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def name(value: Any) -> str:
    """A name: as `text`, shorter."""
    return text(value, LONGEST_NAME)


def texts(value: Any, most: int = 20) -> list[str]:
    """The texts of a list, or of a single text; what is none is left out."""
    rows = value if isinstance(value, list) else [value]
    return [shown for shown in map(text, rows[:most]) if shown]


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    """The list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and abs(found) < 1e300 else None
