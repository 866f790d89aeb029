# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written as TOML is read as the same by Python's own reader."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.vuls.toml_text import TomlError, toml_text

# Before Python 3.11, pytest brings a reader of its own.
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"a": 1, "b": True, "c": "x", "d": [1, 2], "e": -(2**63), "f": 1.5, "g": 1e-7, "h": []},
        {"text": 'quotes " and \\ and \n and \t and \x7f and \x01 and ü and = # ['},
        {"servers": {"web-1": {"host": "h"}, "a.b c": {"containers": {"x": {"cpeNames": ["cpe:/a:b"]}}}}},
        {"outer": {"inner": {"deep": {}}, "own": "after a table in the data, before it in the text"}},
        {"empty": {}},
        {"": "a key without a letter", "ü": "a key beyond ASCII"},
    ],
)
def test_it_is_read_as_it_was(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(document)) == document


def test_what_is_none_is_left_out() -> None:
    assert toml_text({"a": None, "b": 1}) == "b = 1\n"


@pytest.mark.parametrize("value", [2**63, float("nan"), float("inf"), [{"a": 1}], [None], object()])
def test_what_toml_cannot_say_is_told_by_its_key(value: Any) -> None:
    with pytest.raises(TomlError, match=r"^servers\.web\.key is "):
        toml_text({"servers": {"web": {"key": value}}})
