# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role vuls with a program that stands in for Vuls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import tomllib

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import REPOSITORY

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.vuls]
"""
STAND_IN = REPOSITORY / "tests/e2e/vuls_stand_in.py"


class Scanning:
    """A host with a program that is called vuls, and the role to run there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.etc, self.reports = folder, folder / "etc", folder / "reports"
        self.database = folder / "cve.sqlite3"
        self.database.write_text("")

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        playbook = self.folder / "play.yml"
        playbook.write_text(PLAY)
        own = {
            "binary_src": str(STAND_IN),
            "program": str(self.folder / "vuls"),
            "command": [sys.executable, str(self.folder / "vuls")],
            "config_dir": str(self.etc),
            "databases": {"cveDict": str(self.database)},
            "reports_dir": str(self.reports),
        }
        variables = {f"vuls_{name}": value for name, value in {**own, **options}.items()}
        # Other runs on the machine have folders of the same kind.
        place = self.folder / "tmp"
        place.mkdir(exist_ok=True)
        return run_playbook(playbook, extra_vars=variables, check=check, diff=True, env={"TMPDIR": str(place)})

    def left(self) -> list[Path]:
        return list((self.folder / "tmp").glob("vuls-*"))


@pytest.fixture
def scanning(tmp_path: Path) -> Scanning:
    return Scanning(tmp_path)


def test_servers_are_scanned_and_told_as_findings(scanning: Scanning) -> None:
    assert scanning.role(check=True).check().changed
    assert not scanning.etc.exists()
    servers = {
        "localhost": {"host": "localhost"},
        "web-1": {"host": "192.0.2.1", "port": 2222, "user": "vuls", "keyPath": "/root/.ssh/vuls"},
    }
    secret = {"slack": {"hookURL": "https://hooks.example.com/t0ken"}}
    run = scanning.role(servers=servers, config=secret).check()
    results = run.result_of("findings_import")["results"]
    assert [(row["target"], row["findings"][0]["control"]) for row in results] == [
        ("localhost", "host.vulnerability"),
        ("web-1", "host.vulnerability"),
    ]
    assert sorted(file.name for file in scanning.reports.iterdir()) == ["localhost.json", "web-1.json"]
    file = scanning.etc / "config.toml"
    written = tomllib.loads(file.read_text())
    assert written["servers"]["localhost"] == {"host": "localhost", "port": "local"}
    assert written["servers"]["web-1"]["port"] == "2222"
    assert written["default"] == {"scanMode": ["fast"]}
    assert written["cveDict"] == {"type": "sqlite3", "SQLite3Path": str(scanning.database)}
    assert written["slack"] == secret["slack"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert "t0ken" not in run.stdout + run.stderr
    assert scanning.left() == []
    # A second run writes nothing but what it has fetched, which is the same.
    assert scanning.role(servers=servers, config=secret).check().changed == []

    assert scanning.role(state="absent").check().changed == ["vuls : Take away what was brought"]
    assert not file.exists()


def test_a_server_that_was_scanned_in_part_is_an_error_and_no_pass(scanning: Scanning) -> None:
    servers = {name: {"host": "localhost"} for name in ("whole", "partly")}
    results = scanning.role(servers=servers).check().result_of("findings_import")["results"]
    assert {row["status"] for row in results[0]["findings"]} == {"error"}
    assert {row["status"] for row in results[1]["findings"]} == {"fail"}


def test_what_cannot_be_scanned_is_said_and_nothing_is_left(scanning: Scanning, tmp_path: Path) -> None:
    locked = tmp_path / "locked.sqlite3"
    locked.write_text("locked")
    for options, says in (
        ({"servers": {"broken": {"host": "localhost"}}}, "Vuls has no result of broken"),
        (
            {"databases": {"cveDict": str(locked)}},
            "could not ask its dictionaries, so that nothing would be found: SQLite3",
        ),
        ({"databases": {"cveDict": "/none/cve.sqlite3"}}, "there is no /none/cve.sqlite3 on the host"),
    ):
        run = scanning.role(**options)
        assert run.rc != 0, says
        assert says in " ".join((run.stdout + run.stderr).split()), run.stdout
    assert scanning.left() == []
