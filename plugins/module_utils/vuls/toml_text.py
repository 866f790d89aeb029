# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write TOML 1.0 of plain data. Python reads TOML from 3.11 on, and writes it in no version. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_LARGEST = 2**63


class TomlError(ValueError):
    """A value that TOML cannot say; the message names its key."""


def toml_text(document: Mapping[str, Any]) -> str:
    """The text of a document of tables, lists, texts, numbers and booleans. Raises TomlError."""
    return "\n".join(_table(document, ())).strip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Lines of a table: its own values, and then the tables in it, which TOML wants in this order."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if path and (len(inner) < len(table) or not table):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in table.items():
        if key not in inner and value is not None:
            yield f"{_key(key)} = {_value(value, (*path, str(key)))}"
    for key, value in inner.items():
        yield from _table(value, (*path, str(key)))


def _key(key: object) -> str:
    return str(key) if _BARE.match(str(key)) else _text(str(key))


def _text(text: str) -> str:
    # A text of JSON is one of TOML, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any, path: tuple[str, ...]) -> str:
    where = ".".join(path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and -_LARGEST <= value < _LARGEST:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value) if "e" not in repr(value) else f"{value:.17f}"
    if isinstance(value, Sequence) and not any(isinstance(each, Mapping) for each in value):
        return f"[{', '.join(_value(each, path) for each in value)}]"
    raise TomlError(f"{where} is {type(value).__name__}, which cannot be written there")
