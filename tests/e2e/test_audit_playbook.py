# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/audit.yml as a user runs it: some hosts answer, some do not, and the report speaks of all of them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.cast import Member, enter, prepare
from tests.lab.dockerd import Dockerd
from tests.lab.standing import inventory

Audit = Callable[..., PlaybookResult]


def _report(folder: Path) -> Any:
    return json.loads((folder / "audit-report.json").read_text())


@pytest.fixture
def audit(dockerd: Dockerd, tmp_path: Path) -> Audit:
    """Run audit.yml on a private daemon, with the reports in the test's folder."""

    def run(hosts: dict[str, Any] | None = None, **variables: Any) -> PlaybookResult:
        data = inventory(dockerd)
        data["docker_hosts"]["hosts"].update(hosts or {})
        options = {name: variables.pop(name) for name in ("check", "diff") if name in variables}
        return run_playbook(
            "audit.yml", inventory=data, extra_vars={"audit_output_dir": str(tmp_path), **variables}, **options
        )

    return run


def test_hosts_that_cannot_be_audited_are_in_the_report_with_the_reason(audit: Audit, tmp_path: Path) -> None:
    hosts: dict[str, dict[str, Any]] = {
        "gone": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"},
        "without-docker": {"ansible_connection": "local", "audit_docker_host": "unix:///nonexistent/docker.sock"},
    }
    for host in hosts.values():
        host["ansible_become"] = False
    result = audit(hosts)
    assert result.rc != 0, "a schedule must not take a host that was not audited for a healthy one"
    assert "Not audited: without-docker: There is no Docker socket" in result.stdout
    targets = {target["name"]: target for target in _report(tmp_path)["targets"]}
    assert set(targets) == {"lab", "gone", "without-docker"}
    assert {name for name, target in targets.items() if target["audited"]} == {"lab"}
    assert "/nonexistent/docker.sock" in targets["without-docker"]["reason"]
    assert "Connection refused" in targets["gone"]["reason"]


def test_the_gate_can_be_opened_for_a_host_that_was_not_audited(audit: Audit) -> None:
    host = {
        "ansible_connection": "local",
        "ansible_become": False,
        "audit_docker_host": "unix:///nonexistent/docker.sock",
    }
    audit({"without-docker": host}, audit_fail_on_error=False).check()


def test_every_host_gone_still_gives_a_report(dockerd: Dockerd, tmp_path: Path) -> None:
    hosts = {"gone": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_become": False}}
    variables = {"audit_output_dir": str(tmp_path)}
    run_playbook("audit.yml", inventory={"docker_hosts": {"hosts": hosts}}, extra_vars=variables)
    assert [target["audited"] for target in _report(tmp_path)["targets"]] == [False]


def test_it_changes_no_host_and_finds_the_same_in_check_mode(audit: Audit, dockerd: Dockerd, tmp_path: Path) -> None:
    before = dockerd.config_file.read_bytes()
    first = audit().check()
    findings = {finding["fingerprint"]: finding["status"] for finding in _report(tmp_path)["findings"]}
    second = audit(check=True, diff=True).check()
    again = {finding["fingerprint"]: finding["status"] for finding in second.result_of("docker_audit")["findings"]}
    assert again == findings
    assert not first.result_of("docker_audit")["changed"]
    assert dockerd.config_file.read_bytes() == before


def test_the_second_report_says_that_nothing_is_new(audit: Audit, tmp_path: Path) -> None:
    assert audit().check().custom_stats["bulkhead_audit"]["failing"] > 0
    assert audit(audit_fail_on_new="info").check().custom_stats["bulkhead_audit"]["new"] == 0
    assert _report(tmp_path)["drift"]["persisting"] > 0


def test_a_container_made_since_the_last_report_closes_the_gate(audit: Audit, dockerd: Dockerd) -> None:
    audit().check()
    client = dockerd.client()
    try:
        prepare(client, [], network=False)
        enter(client, Member("intruder", {"privileged": True, "cap_drop": None, "network": "none"}))
    finally:
        client.close()
    result = audit(audit_fail_on_new="critical")
    assert result.rc != 0
    assert "intruder" in result.stdout


def test_options_reach_the_module(audit: Audit, tmp_path: Path) -> None:
    result = audit(audit_select=["docker.daemon.icc"], audit_overrides={"docker.daemon.icc": {"severity": "critical"}})
    assert result.check().result_of("docker_audit")["summary"]["controls"] == 1


def test_the_playbook_finds_what_the_module_finds(audit: Audit, dockerd: Dockerd) -> None:
    direct = run_module("docker_audit", {"docker_host": dockerd.docker_host, "target": "lab"})
    found = audit().check().result_of("docker_audit")
    assert {f["fingerprint"] for f in found["findings"]} == {f["fingerprint"] for f in direct["findings"]}


def test_images_that_run_are_compared_with_what_was_decided(audit: Audit, dockerd: Dockerd, tmp_path: Path) -> None:
    with contextlib.closing(dockerd.client()) as client:
        prepare(client, [], network=False)
        enter(client, Member("web", {"network": "none"}))
    evaluations = tmp_path / "evaluations.json"
    evaluations.write_text(json.dumps({"images": []}))
    result = audit(
        audit_image_evaluations=str(evaluations),
        audit_image_approved={"registry.example.com/other": "sha256:" + "1" * 64},
        audit_select=["docker.container.privileged"],
    )
    result.check()
    report = _report(tmp_path)
    lab = next(target for target in report["targets"] if target["name"] == "lab")
    assert lab["audited"]
    found = {row["control"]: row for row in report["findings"] if row["control"].startswith("image.running.")}
    # What the lab's containers run was built on its host: no scanner and no registry knows it.
    assert found["image.running.scanned"]["status"] == "fail"
    assert found["image.running.identified"]["status"] == "fail"
    assert found["image.running.approved"]["status"] == "fail"
    assert {row["target"] for row in found.values()} == {"lab"}
