# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/audit.yml with what watches over hosts and clusters: a real NATS server, and the files of a Falco."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.ansible import run_playbook
from tests.lab.nats import Nats

_LOCAL = {"ansible_connection": "local", "ansible_become": False}
_RULE = "- rule: A shell\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: NOTICE\n"


def test_nats_and_falco_stand_in_one_report(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(_RULE)
    with Nats(tls=False) as server:
        bus = {**_LOCAL, "audit_nats_monitor_urls": [server.monitor_url]}
        watcher = {
            **_LOCAL,
            "audit_falco_become": False,
            "audit_falco_rules_paths": [str(rules)],
            "audit_falco_declared_rules": {"rules.yaml": _RULE.replace("NOTICE", "WARNING")},
        }
        result = run_playbook(
            "audit.yml",
            inventory={"nats_servers": {"hosts": {"bus": bus}}, "falco_hosts": {"hosts": {"watcher": watcher}}},
            extra_vars={"audit_output_dir": str(tmp_path)},
        ).check()
    report: dict[str, Any] = json.loads((tmp_path / "audit-report.json").read_text())
    assert {target["name"]: target["audited"] for target in report["targets"]} == {"bus": True, "watcher": True}
    failing = {(each["target"], each["control"]) for each in report["findings"] if each["status"] == "fail"}
    assert any(target == "bus" and control.startswith("nats.") for target, control in failing), failing
    assert any(target == "watcher" and control.startswith("falco.") for target, control in failing), failing
    assert result.changed == ["Report"], "the report is written, and nothing else"
    assert not [task for task in result.tasks if task["action"].endswith("docker_audit") and task["status"] == "ok"]
