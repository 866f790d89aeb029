# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that go away while their limits are being set are no failure."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.selection import Chosen
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.update import Update, apply
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import EngineStatus
from tests.unit.fake_engine import FakeEngine


class Refusing(FakeEngine):
    """Answers every POST with a status, or takes it where that is 200."""

    def __init__(self, status: int) -> None:
        super().__init__({})
        self._status = status

    def post(self, path: str, body: object = None, **query: object) -> Any:
        if self._status != 200:
            raise EngineStatus(self._status, f"The engine refused {path} with {self._status}")
        return {}


def update() -> Update:
    return Update(Chosen("1", "web", "running"), {"pids_limit": None}, {"pids_limit": 5}, {"PidsLimit": 5})


def test_a_container_removed_before_its_update_is_passed_over() -> None:
    gone = update()
    assert apply(Refusing(404), [gone], 2) == []
    assert (gone.report()["changed"], gone.error) == (False, None)


def test_a_container_removed_right_after_its_update_is_passed_over() -> None:
    gone = update()
    assert apply(Refusing(200), [gone], 2) == [], "the inspection that follows finds it no more"
    assert gone.report()["changed"] is False


def test_a_refusal_is_told() -> None:
    refused = update()
    assert apply(Refusing(500), [refused], 2) == ["web: The engine refused /containers/1/update with 500"]
    assert refused.report()["changed"] is False
