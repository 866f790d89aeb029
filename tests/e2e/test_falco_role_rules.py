# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's rules for system calls beside a real engine: sysdig compiles them with an older version of Falco's."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.unit.roles.falco.falco_conditions import Rules

_SYSDIG = shutil.which("sysdig")
pytestmark = pytest.mark.skipif(_SYSDIG is None, reason="needs sysdig (Debian: sysdig)")
_RULES = Rules()
# What the older engine does not know; our own check knows it.
_TOO_NEW = ("proc.is_exe_upper_layer", "fs.path.")
_COMPILED = [
    name
    for name in _RULES.names
    if _RULES.source(name) == "syscall" and not any(field in _RULES.condition(name) for field in _TOO_NEW)
]


def _said(condition: str) -> str:
    """What the engine says against a condition. A sound one fails later, on the file that is none."""
    command = [str(_SYSDIG), "-r", "/dev/null", condition]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stderr if "filter error" in done.stderr or "syntax" in done.stderr else ""


def test_most_rules_are_compared_and_the_engine_does_refuse() -> None:
    assert len(_COMPILED) >= 8
    assert _said(_RULES.condition(_COMPILED[0]) + " and proc.nmae = x")


@pytest.mark.parametrize("name", _COMPILED)
def test_the_engine_compiles_a_rule_with_its_exceptions(name: str) -> None:
    assert _said(_RULES.condition(name)) == ""
