# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""alertmanager: one alert by its API v2."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.alertmanager import Alertmanager
from bulkhead_response.outcome import Outcome
from tests.unit.roles.response_engine.answering import Reply, told


def test_an_alert(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    params = {"labels": {"cluster": "prod"}, "token_file": str(tmp_path / "token")}
    done = {"delete_pod": Outcome("done", "m")}
    outcome, [seen] = told(lambda url: Alertmanager({"url": url, **params}), lambda _seen: Reply(), so_far=done)
    [alert] = seen.json
    assert (outcome.status, seen.path, seen.headers["Authorization"]) == ("done", "/api/v2/alerts", "Bearer s3cret")
    assert alert["labels"] == {
        "alertname": "Terminal shell in container",
        "severity": "warning",
        "priority": "notice",
        "source": "syscall",
        "namespace": "shop",
        "pod": "web",
        "container": "main",
        "node": "node-1",
        "hostname": "node-1",
        "cluster": "prod",
    }
    assert alert["annotations"]["response"] == "delete_pod: done"
    assert datetime.fromisoformat(alert["endsAt"]).tzinfo is not None


def test_a_refusal() -> None:
    outcome, _seen = told(lambda url: Alertmanager({"url": url}), lambda _seen: Reply(400, "bad labels"))
    assert (outcome.status, outcome.message) == ("failed", "Alertmanager answers 400: bad labels")


@pytest.mark.parametrize("params", [{"labels": {"a-b": "c"}}, {"active_minutes": 0}])
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Alertmanager({"url": "https://am.example.com", **params})
