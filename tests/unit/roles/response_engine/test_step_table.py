# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps by name are found, and imported only when they are needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bulkhead_response
from bulkhead_response.actions import ACTIONS
from bulkhead_response.notify import NOTIFICATIONS


@pytest.mark.parametrize("name", [*ACTIONS, *NOTIFICATIONS])
def test_every_step_is_there(name: str) -> None:
    step = ACTIONS[name] if name in ACTIONS else NOTIFICATIONS[name]
    assert step.__name__.lower() == name.replace("_", "")


def test_nothing_is_imported_before() -> None:
    code = (
        "import sys, bulkhead_response.actions as a, bulkhead_response.notify as n\n"
        "assert 'delete_pod' in a.ACTIONS and 'x' not in a.ACTIONS and list(n.NOTIFICATIONS)\n"
        "assert 'aiohttp' not in sys.modules\n"
    )
    folder = Path(bulkhead_response.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_a_test_may_put_a_step_of_its_own_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIONS, "delete_pod", NOTIFICATIONS["webhook"])
    assert ACTIONS["delete_pod"] is NOTIFICATIONS["webhook"]
