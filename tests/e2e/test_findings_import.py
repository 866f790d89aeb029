# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findings_import of what hadolint and OpenSCAP really write, and from there to the gate, SARIF and the page.

No other tool runs here without a registry or its feeds: their reports are written by the unit tests, as they publish
them.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_audit_report import PLAYBOOK
from tests.lab.ansible import ansible_environment, run_module
from tests.unit.plugins.module_utils.imports.test_grype import match, report

DOCKERFILE = "FROM debian\nRUN sudo apt-get install x\nRUN cd /tmp && echo $HOME/$1\n"
OVAL = """<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"
 xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5"
 xmlns:unix="http://oval.mitre.org/XMLSchema/oval-definitions-5#unix">
 <generator><oval:schema_version>5.11</oval:schema_version><oval:timestamp>2026-01-31T12:00:00</oval:timestamp>
 </generator><definitions>{definitions}</definitions><tests>{tests}</tests><objects>{objects}</objects>
</oval_definitions>"""
DEFINITION = """<definition class="compliance" id="oval:org.example:def:{0}" version="1"><metadata>
 <title>File {0}</title><description>It is there</description></metadata>
 <criteria><criterion test_ref="oval:org.example:tst:{0}"/></criteria>
 </definition>"""
TEST = """<unix:file_test id="oval:org.example:tst:{0}" version="1" comment="c" check="all"
 check_existence="at_least_one_exists"><unix:object object_ref="oval:org.example:obj:{0}"/></unix:file_test>"""
OBJECT = """<unix:file_object id="oval:org.example:obj:{0}" version="1"><unix:filepath>{1}</unix:filepath>
 </unix:file_object>"""
XCCDF = """<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_benchmark_files" resolved="1">
 <status date="2026-01-31">accepted</status><title>Files</title><version>1.0</version>{0}</Benchmark>"""
RULE = """<Rule id="xccdf_org.example_rule_{0}" selected="{1}" severity="{2}"><title>The file {0}</title>
 <fixtext>Bring it.</fixtext>{3}</Rule>"""
CHECK = """<check system="http://oval.mitre.org/XMLSchema/oval-definitions-5">
 <check-content-ref href="oval.xml" name="oval:org.example:def:{0}"/></check>"""


def imported(*reports: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    answer = run_module("findings_import", {"reports": list(reports), **options})
    assert not answer.get("failed"), answer["msg"]
    results: list[dict[str, Any]] = answer["results"]
    return results


def verdicts(result: dict[str, Any]) -> dict[str, str]:
    return {row["control"]: row["status"] for row in result["findings"]}


def hadolint(folder: Path, form: str) -> str:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    program = Path(sys.executable).with_name("hadolint")
    ran = subprocess.run([program, "-f", form, "Dockerfile"], cwd=folder, capture_output=True, check=False)
    assert ran.returncode == 1, ran.stderr
    (folder / f"hadolint.{form}").write_bytes(ran.stdout)
    return str(folder / f"hadolint.{form}")


def test_hadolint(tmp_path: Path) -> None:
    told, sarif = imported({"path": hadolint(tmp_path, "json")}, {"path": hadolint(tmp_path, "sarif")}, target="shop")
    assert {"hadolint.DL3004", "hadolint.DL3006", "hadolint.SC2086"} <= set(verdicts(told))
    assert {name.rpartition(".")[2] for name in verdicts(told)} == {name.rpartition(".")[2] for name in verdicts(sarif)}
    assert sarif["tool"] == "Hadolint"
    subjects = {row["subject"]["name"] for row in told["findings"] + sarif["findings"]}
    assert subjects == {"Dockerfile"}


def play(folder: Path, playbook: str, *options: str) -> subprocess.CompletedProcess[str]:
    python = f"ansible_python_interpreter={sys.executable}"
    return subprocess.run(
        [PLAYBOOK, "-i", "ci,", "-c", "local", "-e", python, *options, playbook],
        cwd=folder,
        env=ansible_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def openscap(tmp_path: Path) -> Path:
    """A folder with what OpenSCAP found of a benchmark of our own: results of XCCDF and OVAL, and an ARF."""
    paths = {1: "/etc/passwd", 2: "/etc/there-is-no-such-file"}
    parts = {
        "definitions": "".join(DEFINITION.format(number) for number in paths),
        "tests": "".join(TEST.format(number) for number in paths),
        "objects": "".join(OBJECT.format(number, path) for number, path in paths.items()),
    }
    rules = [
        RULE.format("present", "true", "high", CHECK.format(1)),
        RULE.format("missing", "true", "low", CHECK.format(2)),
    ]
    rules += [RULE.format("manual", "true", "unknown", ""), RULE.format("off", "false", "high", "")]
    (tmp_path / "oval.xml").write_text(OVAL.format(**parts))
    (tmp_path / "xccdf.xml").write_text(XCCDF.format("".join(rules)))
    for command in (
        ["xccdf", "eval", "--results", "results.xml", "--results-arf", "arf.xml", "xccdf.xml"],
        ["oval", "eval", "--results", "oval-results.xml", "oval.xml"],
    ):
        ran = subprocess.run(["oscap", *command], cwd=tmp_path, capture_output=True, check=False)
        # It is 2 where a rule failed.
        assert ran.returncode in (0, 2), ran.stderr
    return tmp_path


def test_openscap(openscap: Path) -> None:
    with (openscap / "arf.xml").open("rb") as plain, gzip.open(openscap / "arf.xml.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    names = ("results.xml", "arf.xml", "arf.xml.gz")
    rows = [{"path": str(openscap / name)} for name in names]
    for result in imported(*rows, include_passes=True):
        assert verdicts(result) == {"openscap.present": "pass", "openscap.missing": "fail", "openscap.manual": "manual"}
        assert result["version"].startswith("1.")
        assert result["target"]
    (oval,) = imported({"path": str(openscap / "oval-results.xml")}, target="web1", include_passes=True)
    assert sorted(verdicts(oval).values()) == ["fail", "pass"]


def test_from_reports_to_the_gate(tmp_path: Path, openscap: Path) -> None:
    (tmp_path / "grype.json").write_text(json.dumps(report(match(severity="Critical"))))
    names = ("grype.json", "results.xml", "hadolint.json")
    hadolint(tmp_path, "json")
    tasks: list[dict[str, Any]] = [
        {
            "name": "Import",
            "bulkhead.container_security.findings_import": {
                "reports": [{"path": str(tmp_path / name), "target": f"of {name}"} for name in names],
                "output": str(tmp_path / "findings.json"),
            },
        },
        {
            "name": "Report",
            "bulkhead.container_security.audit_report": {
                "sources": [str(tmp_path / "findings.json")],
                "output_dir": str(tmp_path / "out"),
                "formats": ["json", "html", "sarif"],
                "fail_on": "critical",
            },
        },
    ]
    site = {"hosts": "ci", "gather_facts": False, "tasks": tasks}
    (tmp_path / "site.yml").write_text(yaml.safe_dump([site], sort_keys=False))
    ran = play(tmp_path, "site.yml")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "1 critical failing" in ran.stdout
    whole = json.loads((tmp_path / "out" / "audit-report.json").read_text())
    assert [row["name"] for row in whole["targets"]] == sorted(f"of {name}" for name in names)
    controls = {row["control"] for row in whole["findings"]}
    assert {"image.vulnerability", "openscap.missing", "hadolint.DL3004"} <= controls
    sarif = (tmp_path / "out" / "audit-report.sarif").read_text()
    assert "CVE-2024-0001" in sarif
    assert "CVE-2024-0001" in (tmp_path / "out" / "audit-report.html").read_text()


def test_the_playbook_audits_and_imports(tmp_path: Path) -> None:
    """The host has no Docker; what is imported is reported all the same, and so is a report that cannot be read."""
    (tmp_path / "grype.json").write_text(json.dumps(report(match())))
    (tmp_path / "half.json").write_text(json.dumps(report(match()))[:100])
    given = {
        "audit_hosts": "ci",
        "audit_become": False,
        "audit_docker_host": f"unix://{tmp_path}/none.sock",
        "audit_output_dir": "out",
        "audit_fail_on_error": True,
        "audit_reports": [{"path": str(tmp_path / name)} for name in ("grype.json", "half.json")],
    }
    ran = play(tmp_path, "bulkhead.container_security.audit", "-e", json.dumps(given))
    assert ran.returncode == 2, ran.stdout + ran.stderr
    whole = json.loads((tmp_path / "out" / "audit-report.json").read_text())
    found = {(row["control"], row["target"]): row for row in whole["findings"]}
    assert found["image.vulnerability", "ci"]["status"] == "fail"
    assert "the file ends in the middle" in found["import.report.read", "ci"]["reason"]
