# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of objects stay numbers with ansible-core 2.18, where what a template of its own comes to is a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

_ROLES = Path(__file__).parents[4] / "roles"
_FILES = sorted(_ROLES.glob("*/vars/*.yml"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


@pytest.mark.parametrize("file", _FILES, ids=[str(file.relative_to(_ROLES)) for file in _FILES])
def test_no_number_is_a_template_of_its_own(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert not [text for text in _texts(content) if re.fullmatch(r"\s*\{\{[^{}]*\|\s*int\s*\}\}\s*", text)]
