# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields in transformers."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Field,
    Transformer,
    Value,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.field_check import (
    FieldCheck,
    operand_type,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError

_TABLE = FieldCheck(Engine()).table("syscall")


def test_transformers_decide_on_the_type() -> None:
    name = Field("proc.name", None, 4)
    assert operand_type(Transformer("len", (name,), 0), _TABLE).type == "UINT64"
    assert operand_type(Transformer("join", (Value("-", 5), name), 0), _TABLE).type == "CHARBUF"


def test_the_innermost_place_is_told() -> None:
    with pytest.raises(RulesError) as refused:
        operand_type(Transformer("len", (Field("proc.nam", None, 4),), 0), _TABLE)
    assert refused.value.offset == 4


def test_a_table_is_made_once() -> None:
    check = FieldCheck(Engine())
    assert check.table("syscall") is check.table("syscall")
