# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item may change of an earlier one."""

from __future__ import annotations

import json

import pytest

from tests.unit.plugins.module_utils.falco.rules.rule_cases import errors, rule


def later(**keys: object) -> str:
    return "- " + json.dumps({"rule": "one", **keys}) + "\n"


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"condition": "and proc.name = a", "override": {"condition": "append"}}, ""),
        ({"enabled": False, "override": {"enabled": "replace"}}, ""),
        ({"tags": ["b"], "priority": "DEBUG", "override": {"tags": "append", "priority": "replace"}}, ""),
        ({"override": None, "enabled": True}, ""),
        ({"priority": "DEBUG", "override": {"priority": "append"}}, "'priority' cannot be appended to (use 'replace')"),
        ({"source": "syscall", "override": {"source": "replace"}}, "'source' cannot be replaced"),
        ({"condition": "x", "override": {"condition": "prepend"}}, "either append or replace"),
        ({"condition": "x", "override": {"condition": ["append"]}}, "either append or replace"),
        ({"condition": "x", "override": "append"}, "'override' is a mapping"),
        ({"override": {"condition": "append"}}, "but the item has no 'condition'"),
        ({"condition": "and a", "output": "x", "override": {"condition": "append"}}, "what to do with 'output'"),
        ({"condition": "and a", "append": True, "override": {"condition": "append"}}, "exclude each other"),
    ],
)
def test_overrides(item: dict[str, object], says: str) -> None:
    said = errors(rule(), later(**item))
    assert says in said
    assert bool(said) == bool(says)
