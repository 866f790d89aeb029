# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function as the runtime of Kubeless calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError, Poison
from bulkhead_response.kubeless_handler import handler

_EVENT: dict[str, Any] = {
    "rule": "Terminal shell",
    "priority": "Notice",
    "output_fields": {"k8s.ns.name": "kube-system"},
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is in the file that the function reads; the test writes it with `_write`."""
    monkeypatch.setenv("BULKHEAD_RESPONSE_CONFIG", str(tmp_path / "config.json"))
    rules = [{"name": "shells", "steps": [{"action": "delete_pod"}]}]
    return {"record": {"log_file": str(tmp_path / "log")}, "allowed_namespaces": ["*"], "rules": rules}


def _call(config: dict[str, Any], data: Any) -> Any:
    Path(config["record"]["log_file"]).with_name("config.json").write_text(json.dumps(config))
    return json.loads(handler({"data": data, "event-id": "1"}, {"function-name": "respond"}))


@pytest.mark.parametrize("data", [_EVENT, json.dumps(_EVENT), json.dumps(_EVENT).encode()])
def test_an_alert_is_decided_and_logged(config: dict[str, Any], data: Any) -> None:
    [answer] = _call(config, data)
    assert answer == {"rule": "shells", "status": "protected", "reason": "the namespace kube-system is protected"}
    [line] = Path(config["record"]["log_file"]).read_text().splitlines()
    assert json.loads(line)["status"] == "protected"


def test_poison_and_a_bad_configuration_end_the_call(config: dict[str, Any]) -> None:
    with pytest.raises(Poison):
        _call(config, b"\xff")
    with pytest.raises(ConfigError, match="ruels is not known"):
        _call({**config, "ruels": []}, _EVENT)
