# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the response runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.response_doubles import Double, double
from tests.e2e.response_stage import ResponseStage, response_stage


@pytest.fixture
def outside() -> Iterator[Double]:
    """An API server and a receiver of webhooks."""
    with double() as running:
        yield running


@pytest.fixture
def response(tmp_path: Path, outside: Double) -> Iterator[ResponseStage]:
    """NATS with streams, and a configuration that deletes the pod of a shell, and tells."""
    with response_stage(tmp_path) as stage:
        stage.make_streams()
        stage.config["kubernetes"] = {"server": outside.url}
        stage.config["rules"] = [delete_and_tell(outside)]
        yield stage


def delete_and_tell(outside: Double) -> dict[str, Any]:
    """A rule: delete the pod of a shell, and tell."""
    steps = [{"action": "delete_pod"}, {"notify": "webhook", "params": {"url": f"{outside.url}/told"}}]
    return {"name": "shells", "match": {"rules": ["Terminal shell*"], "priority": ">=notice"}, "steps": steps}
