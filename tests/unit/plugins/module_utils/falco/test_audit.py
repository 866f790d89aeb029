# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of falco_audit on a stand-in for Falco and on files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError, checked
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.falco import (
    FALCO_CONTROLS,
    FALCO_SCOPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config import falco_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError
from tests.unit.falco_stand_in import FalcoStandIn, serving

RULES = "- rule: Shell\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: NOTICE\n"
RECEIVER = {"url": "https://response:2801/", "client_cert": "/tls.crt", "client_key": "/tls.key"}
DECLARED = falco_config({}, version="0.43.1", platform="host", http_output=RECEIVER)


class Installed:
    """A folder with a configuration and rules, and a Falco that has loaded both."""

    def __init__(self, folder: Path) -> None:
        self.config, self.rules = folder / "falco.yaml", folder / "rules.d"
        self.rules.mkdir()
        self.write(DECLARED, RULES)
        self.falco = FalcoStandIn(rules={"own.yaml": hashlib.sha256(RULES.encode()).hexdigest()})

    def write(self, config: Mapping[str, Any], rules: str) -> None:
        self.config.write_text(json.dumps(config))
        (self.rules / "own.yaml").write_text(rules)

    def audit(self, **options: Any) -> dict[str, Any]:
        with serving(self.falco) as url:
            params = {
                "urls": [url],
                "config_path": str(self.config),
                "declared_config": DECLARED,
                "rules_paths": [str(self.rules)],
                "declared_rules": {"own.yaml": RULES},
                "falco_version": "0.43.1",
                # Whose files they are depends on who runs the tests.
                "skip": ["*.owner", "*.mode"],
            }
            return audit({**params, **options})

    def bad(self, **options: Any) -> set[str]:
        return {one["control"] for one in self.audit(**options)["findings"] if one["status"] in ("fail", "error")}


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path)


def test_every_row_is_sound() -> None:
    assert [checked(control, FALCO_SCOPES).id for control in FALCO_CONTROLS] == [row.id for row in FALCO_CONTROLS]
    assert len({control.id for control in FALCO_CONTROLS}) == len(FALCO_CONTROLS)


def test_what_the_role_declares_has_no_findings(installed: Installed) -> None:
    result = installed.audit()
    assert [one for one in result["findings"] if one["status"] != "not_applicable"] == []
    assert result["versions"] == {"falco": "0.43.1"}
    assert result["requests"] == 3


def test_a_falco_that_is_not_what_it_should_be_is_told(installed: Installed) -> None:
    installed.falco = FalcoStandIn(version="0.44.1", engine="nodriver", drops=20_000, queue_drops=1)
    assert installed.bad() == {
        "falco.version",
        "falco.engine",
        "falco.drops.kernel",
        "falco.drops.queue",
        "falco.rules.loaded",
    }
    assert "falco.drops.kernel" not in installed.bad(drops_percent=5.0)
    installed.falco = FalcoStandIn(status="no")
    assert "falco.health" in installed.bad()
    installed.falco = FalcoStandIn(metrics=False)
    assert {"falco.metrics", "falco.drops.kernel", "falco.drops.queue", "falco.engine"} <= installed.bad()


def test_a_configuration_that_somebody_changed_is_told(installed: Installed) -> None:
    http = {"enabled": True, "url": "http://response/"}
    drops = {"actions": ["ignore"], "simulate_drops": True}
    installed.write(
        {"http_output": http, "syscall_event_drops": drops, "priority": "critical", "stdout_output": {"enabled": True}}
        | {"buffered_outputs": False, "xyzzy": 1},
        RULES,
    )
    assert installed.bad() == {
        "falco.config.valid",
        "falco.config.drift",
        "falco.config.other_files",
        "falco.config.json_output",
        "falco.config.priority",
        "falco.config.drops_told",
        "falco.config.simulated_drops",
        "falco.config.queue_limit",
        "falco.config.unbuffered",
        "falco.config.webserver_exposed",
        "falco.output.tls",
    }
    assert "falco.config.webserver_exposed" not in installed.bad(platform="kubernetes")
    tls = {**RECEIVER, "enabled": True, "insecure": True, "mtls": False}
    installed.write({**DECLARED, "http_output": tls}, RULES)
    assert {"falco.output.verified", "falco.output.client_certificate"} <= installed.bad()


def test_rules_that_somebody_changed_are_told_by_item(installed: Installed) -> None:
    installed.write(DECLARED, RULES + "- rule: Shell\n  enabled: false\n")
    (installed.rules / "z.yaml").write_text("- rule: x\n  condition: evt.tpye = open\n")
    result = installed.audit()
    found = {(one["control"], one["subject"]["name"]): one for one in result["findings"] if one["status"] == "fail"}
    assert found["falco.rules.drift", "own.yaml"]["evidence"]["changes"] == ["rule Shell (again) is not declared"]
    assert {name for name in found if name[1] == "z.yaml"} == {
        ("falco.rules.undeclared", "z.yaml"),
        ("falco.rules.loaded", "z.yaml"),
        ("falco.rules.valid", "z.yaml"),
    }
    (installed.rules / "own.yaml").unlink()
    assert "falco.rules.drift" in installed.bad()


def test_stored_facts_are_judged_again(installed: Installed) -> None:
    installed.falco.drops = 20_000
    first = installed.audit(include_snapshot=True)
    again = audit({"snapshot": json.loads(json.dumps(first["snapshot"])), "skip": ["*.owner", "*.mode"]})
    assert again["findings"] == first["findings"]
    assert again["requests"] == 0


def test_what_cannot_be_audited_is_one_sentence(installed: Installed, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    for options, says in (
        ({"config_path": str(broken)}, "config_path: .* is no YAML"),
        ({"config_path": "/nowhere"}, "config_path: /nowhere cannot be read"),
        ({"falco_version": "newest"}, "no version of Falco"),
    ):
        with pytest.raises(FalcoError, match=says):
            installed.audit(**options)
    with pytest.raises(ControlError, match="names no control"):
        installed.audit(select=["falco.nothing"])
