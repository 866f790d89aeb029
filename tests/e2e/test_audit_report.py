# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""audit_report as a playbook runs it: many hosts, one of them unreachable, over several runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, finding, fleet

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
# Before the result of the report task, in what the playbook prints.
MARK = "RESULT "
MODULE = "bulkhead.container_security.audit_report"


@dataclass(frozen=True)
class Run:
    """What came of a playbook: its exit code, what it printed, and what the report task returned."""

    code: int
    output: str
    result: dict[str, Any]


@dataclass(frozen=True)
class Site:
    """A folder with an inventory, and a playbook that reports what its hosts say that their audits found."""

    folder: Path

    def report(self, results: dict[str, Any], *flags: str, task: dict[str, Any] | None = None, **options: Any) -> Run:
        """Run the playbook; `results` are by host, None for a host that cannot be reached."""
        hosts = {name: self._host(name, result) for name, result in results.items()}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        reporting = {"name": "Report", MODULE: {"output_dir": "out", **options}, "run_once": True, **(task or {})}
        keep = {"name": "Keep", "ansible.builtin.debug": {"msg": MARK + "{{ report | to_json }}"}, "run_once": True}
        reach = [{"name": "Reach", "ansible.builtin.ping": None}] if None in results.values() else []
        play = {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [
                *reach,
                {"name": "Register", "ansible.builtin.set_fact": {"bulkhead_docker_audit": "{{ found }}"}},
                {"block": [{**reporting, "register": "report"}], "always": [keep]},
            ],
        }
        (self.folder / "site.yml").write_text(yaml.safe_dump([play], sort_keys=False))
        return self._run(flags)

    def _host(self, name: str, result: Any) -> dict[str, Any]:
        if result is None:
            return {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
        (self.folder / "host_vars").mkdir(exist_ok=True)
        # Text of an audited system: a template in it is not to be rendered.
        (self.folder / "host_vars" / f"{name}.json").write_text(json.dumps({"found": result}))
        return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}

    def _run(self, flags: Sequence[str]) -> Run:
        command = [str(PLAYBOOK), "-i", "hosts.yml", "site.yml", *flags]
        settings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_RETRY_FILES_ENABLED": "0", "ANSIBLE_LOCALHOST_WARNING": "0"}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **settings},
            text=True,
            capture_output=True,
            timeout=300,
            check=False,
        )
        output = done.stdout + done.stderr
        kept = [line.strip() for line in output.splitlines() if f'"msg": "{MARK}' in line]
        result = json.loads(json.loads(f"{{{kept[0]}}}")["msg"].removeprefix(MARK)) if kept else {}
        return Run(done.returncode, output, result)

    def stored(self) -> dict[str, Any]:
        """The JSON report."""
        return dict(json.loads((self.folder / "out" / "audit-report.json").read_text()))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    collections = Path(__file__).parents[2] / ".build" / "collections"
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(collections))
    return Site(tmp_path)


def found(target: str, *findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What docker_audit returns."""
    result = {
        "changed": False,
        "target": target,
        "findings": list(findings),
        "controls": [PRIVILEGED, "docker.other"],
        "collected_at": "2030-05-01T11:59:00Z",
        "versions": {"engine": "27.0"},
        "summary": {"status": {"pass": 9}},
    }
    return {**result, **changes}


def test_a_first_run_writes_the_report_and_says_that_nothing_is_compared(site: Site) -> None:
    run = site.report({"web1": found("web1", finding()), "web2": found("web2")})
    assert run.code == 0, run.output
    assert run.result["changed"]
    assert run.result["drift"] is None
    assert "No earlier report to compare with" in run.output
    assert sorted(path.name for path in (site.folder / "out").iterdir()) == ["audit-report.html", "audit-report.json"]
    assert (site.folder / "out" / "audit-report.json").stat().st_mode & 0o777 == 0o640
    assert run.output.count("Security audit, ") == 1
    assert site.stored()["summary"]["status"]["pass"] == 18


def test_drift_over_four_runs(site: Site) -> None:
    web1, clean = found("web1", finding()), found("web1")
    site.report({"web1": web1})
    site.report({"web1": clean})
    assert [row["fingerprint"] for row in site.stored()["resolved"]] == [finding()["fingerprint"]]
    told = site.report({"web1": web1}, "--diff", "--check")
    assert "+ critical docker.container.privileged web1 container app (regressed)" in told.output
    back = site.report({"web1": web1}, fail_on_new="high")
    assert back.code == 2
    assert back.result["drift"]["regressed"] == 1
    again = site.report({"web1": web1}, fail_on_new="high")
    assert again.code == 0, again.output
    assert again.result["drift"]["persisting"] == 1


def test_the_same_again_is_no_change_but_fresh(site: Site) -> None:
    formats = ["json", "sarif", "junit", "html", "markdown", "prometheus", "oscal"]
    hosts = {"web1": found("web1", finding())}
    for _run in range(2):
        assert site.report(hosts, formats=formats).result["changed"]
    before = site.stored()["generated_at"]
    third = site.report({"web1": found("web1", finding(), collected_at="2030-05-02T11:59:00Z")}, formats=formats)
    assert not third.result["changed"], third.result["files"]
    assert site.stored()["generated_at"] >= before
    assert site.stored()["targets"][0]["collected_at"] == "2030-05-02T11:59:00Z"


def test_an_unreachable_host_is_an_error_and_resolves_nothing(site: Site) -> None:
    site.report({"web1": found("web1"), "web2": found("web2", finding(target="web2"))})
    run = site.report({"web1": found("web1"), "web2": None}, fail_on_error=True)
    assert "1 could not be evaluated (fail_on_error)" in run.result["msg"]
    assert run.result["drift"]["resolved"] == 0
    assert run.result["drift"]["unchecked"] == 1
    missed = site.stored()["findings"][0]
    assert (missed["control"], missed["status"], missed["target"]) == ("audit.host.reached", "error", "web2")


def test_a_closed_gate_fails_after_the_files_are_written(site: Site) -> None:
    run = site.report({"web1": found("web1", finding())}, fail_on="high")
    assert run.code == 2
    assert run.result["failed"]
    assert "Gate closed: 1 critical failing (fail_on: critical, high)" in run.output
    assert site.stored()["gate"]["failed"]
    told = site.report({"web1": found("web1", finding())}, fail_on="high", enforce=False)
    assert told.code == 0
    assert told.result["gate"]["failed"]
    assert told.result["ansible_stats"]["data"]["bulkhead_audit"]["gate_failed"]


def test_check_mode_writes_nothing_and_predicts_everything(site: Site) -> None:
    hosts = {"web1": found("web1", finding())}
    check = site.report(hosts, "--check", fail_on="critical")
    assert check.code == 2
    assert not (site.folder / "out").exists()
    real = site.report(hosts, fail_on="critical")
    assert check.result["files"] == real.result["files"]
    assert check.result["summary"] == real.result["summary"]
    stored = (site.folder / "out" / "audit-report.json").read_bytes()
    site.report({"web1": found("web1")}, "--check")
    assert (site.folder / "out" / "audit-report.json").read_bytes() == stored


WAIVERS = """\
waivers:
  - id: agent
    control: docker.container.*
    target: web*
    owner: platform
    reason: It reads the host's counters.
    expires: 2099-12-31
"""


def test_waivers_come_from_files_relative_to_the_playbook(site: Site) -> None:
    (site.folder / "waivers.yml").write_text(WAIVERS)
    run = site.report({"web1": found("web1", finding())}, waivers=["waivers.yml"], fail_on="info")
    assert run.code == 0, run.output
    assert site.stored()["findings"][0]["waiver"]["owner"] == "platform"
    assert site.stored()["waivers"][0]["source"] == "waivers.yml:2"


def test_waivers_may_lie_in_a_folder_an_encrypted_file_or_the_task(site: Site) -> None:
    (site.folder / "waivers").mkdir()
    (site.folder / "waivers" / "a.yml").write_text(WAIVERS)
    secret = WAIVERS.replace("agent", "secret").replace("docker.container", "docker.other")
    (site.folder / "secret.yml").write_text(secret)
    (site.folder / "password").write_text("x")
    vault = [str(PLAYBOOK.with_name("ansible-vault")), "encrypt", "--vault-password-file", "password", "secret.yml"]
    subprocess.run(vault, cwd=site.folder, check=True, capture_output=True)
    inline = {"id": "inline", "control": "x", "owner": "o", "reason": "r", "expires": "2099-01-01"}
    run = site.report(
        {"web1": found("web1", finding())},
        "--vault-password-file",
        "password",
        waivers=["waivers", "secret.yml", inline],
    )
    assert run.code == 0, run.output
    assert [row["id"] for row in site.stored()["waivers"]] == ["agent", "secret", "inline"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"waivers": ["bad.yml"]}, "bad.yml:2: the waiver has no expires"),
        ({"waivers": ["missing.yml"]}, "waivers: there is no file missing.yml, neither here nor beside"),
        ({"waivers": ["binary.yml"]}, "binary.yml: is not UTF-8 text"),
        ({"waivers": [7]}, "waivers, item 1: takes a path or a waiver"),
        ({"fail_on": "hihg"}, "fail_on: 'hihg' is no severity"),
        ({"previous": "bad.yml"}, "bad.yml:1:1: is not JSON"),
        ({"sources": ["missing/*.json"]}, "sources: there is no file"),
        ({"outputs": {"json": "bad.yml/x.json"}}, "is not a directory"),
        ({"basename": "../x"}, "basename: '../x' must be a file name"),
        ({"hosts": ["nobody"]}, "hosts: 'nobody' is not in the inventory"),
        ({"findings": [{"control": "x"}]}, "findings, finding 1: target is missing"),
        ({"formats": ["pdf"]}, "formats"),
        ({"outputdir": "x"}, "outputdir"),
    ],
)
def test_bad_input_gets_a_sentence_and_nothing_is_written(site: Site, options: dict[str, Any], message: str) -> None:
    (site.folder / "bad.yml").write_text(WAIVERS.replace("    expires: 2099-12-31\n", ""))
    (site.folder / "binary.yml").write_bytes(b"\xff\xfe")
    run = site.report({"web1": found("web1", finding())}, **options)
    assert run.code == 2
    assert message in run.result["msg"]
    assert run.result["msg"].count("audit_report: ") <= 1
    assert run.result["msg"].count(message) == 1
    assert "Traceback" not in run.output
    assert not (site.folder / "out").exists()


def test_templates_in_what_was_audited_are_not_rendered(site: Site) -> None:
    odd = finding(name="{{ 7 * 191 }}", actual="{% raw %}{{ lookup('pipe', 'id') }}")
    site.report({"web1": found("web1")}, findings=[])
    result = json.dumps({"findings": [odd], "target": "web9", "controls": [PRIVILEGED]})
    (site.folder / "slice.json").write_text(result)
    run = site.report({"web1": found("web1")}, sources=["slice.json"])
    assert run.code == 0, run.output
    assert site.stored()["findings"][0]["subject"]["name"] == "{{ 7 * 191 }}"
    assert site.stored()["findings"][0]["actual"] == odd["actual"]


def test_slices_become_one_report(site: Site) -> None:
    site.report({"web1": found("web1", finding())}, outputs={"json": "slices/1.json"}, output_dir=None)
    site.report({"web2": found("web2", finding(target="web2"))}, outputs={"json": "slices/2.json"}, output_dir=None)
    run = site.report({"web1": found("web1")}, sources=["slices/*.json"])
    assert run.code == 0, run.output
    assert [row["name"] for row in site.stored()["targets"]] == ["web1", "web2"]
    assert run.result["summary"]["severity"]["critical"] == 2


def test_no_log_and_a_json_callback_keep_the_table_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = {"web1": found("web1", finding())}
    quiet = site.report(hosts, task={"no_log": True})
    assert "container app" not in quiet.output
    assert "container app" in site.report(hosts).output
    assert "container app" not in site.report(hosts, show_table=False).output


def test_thirty_thousand_findings_in_every_format(site: Site) -> None:
    (site.folder / "slices").mkdir()
    for one in fleet(200, 150):
        result = found(one.target, *one.findings, controls=sorted(one.controls or ()))
        (site.folder / "slices" / f"{one.target}.json").write_text(json.dumps(result))
    formats = ["json", "sarif", "junit", "html", "markdown", "prometheus", "oscal"]
    options: dict[str, Any] = {"sources": ["slices/*.json"], "formats": formats}
    run = site.report({"web1": found("web1")}, **options)
    assert run.code == 0, run.output
    assert run.result["summary"]["status"]["fail"] == 18000
    assert len(run.output) < 10_000
    again = site.report({"web1": found("web1")}, **options)
    assert again.result["drift"]["persisting"] == 18000
    sizes = {row["format"]: os.stat(row["path"]).st_size for row in again.result["files"]}
    assert sizes["html"] < 3_000_000
