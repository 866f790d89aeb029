# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role openscap with a real oscap, on this host and on the root of a real container."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images

PLAY = """
- hosts: lab
  gather_facts: false
  roles: [bulkhead.container_security.openscap]
  tasks:
    - bulkhead.container_security.audit_report:
        registered: [openscap_scanned]
        output_dir: "{{ output }}"
        formats: [json]
      when: openscap_scanned is defined
"""
INVENTORY = {"all": {"hosts": {"lab": {"ansible_connection": "local"}}}}
FILES = {"usr/bin/dockerd": "", "etc/docker/daemon.json": '{"live-restore": true, "insecure-registries": ["10.0.0.1"]}'}


class Scanned:
    """A daemon with a container that has files of a Docker host, and the role to look at it."""

    def __init__(self, daemon: Dockerd, folder: Path) -> None:
        self.daemon, self.folder = daemon, folder

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        playbook = self.folder / "play.yml"
        playbook.write_text(PLAY)
        own = {
            "install": False,
            "containers": ["web-*"],
            "docker_host": self.daemon.docker_host,
            "reports_dir": str(self.folder / "reports"),
        }
        variables = {f"openscap_{name}": value for name, value in {**own, **options}.items()}
        variables["output"] = str(self.folder / "output")
        # Other runs on the machine have folders of the same kind.
        place = {"TMPDIR": str(self.folder / "tmp")}
        (self.folder / "tmp").mkdir(exist_ok=True)
        return run_playbook(playbook, inventory=INVENTORY, extra_vars=variables, check=check, diff=True, env=place)

    def left(self) -> list[Path]:
        return list((self.folder / "tmp").glob("openscap-*"))


def changed_paths(client: docker.DockerClient) -> set[str]:
    return {row["Path"] for row in client.api.diff("web-1")}


@pytest.fixture
def scanned(dockerd: Dockerd, tmp_path: Path) -> Iterator[Scanned]:
    with contextlib.closing(dockerd.client()) as client:
        make_images(client, [BASE])
        container = client.containers.run(BASE, name="web-1", detach=True)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as files:
            for name, text in FILES.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(text), 0o755 if name.startswith("usr") else 0o644
                files.addfile(member, io.BytesIO(text.encode()))
        container.put_archive("/", archive.getvalue())
        before = changed_paths(client)
        yield Scanned(dockerd, tmp_path)
        # Looking changes nothing in the container.
        assert changed_paths(client) == before


def failing(findings: list[dict[str, Any]]) -> set[str]:
    return {row["control"].removeprefix("openscap.docker.") for row in findings if row["status"] == "fail"}


def test_a_host_and_its_container_are_evaluated_and_reported(scanned: Scanned) -> None:
    predicted = scanned.role(check=True).check()
    assert not (scanned.folder / "reports").exists()
    run = scanned.role().check()
    assert scanned.left() == []
    by_kind = {row["subject"]["kind"]: row for row in run.result_of("openscap_scan")["results"]}
    container = by_kind["container"]["findings"]
    assert {"daemon.insecure_registries", "daemon.icc"} <= failing(container)
    assert "daemon.live_restore" not in failing(container)
    assert {row["subject"]["name"] for row in container} == {"web-1"}
    assert {row["subject"]["name"] for row in by_kind["host"]["findings"]} == {"lab"}
    # Check mode has seen the same.
    seen = {row["subject"]["kind"]: row for row in predicted.result_of("openscap_scan")["results"]}
    assert failing(seen["container"]["findings"]) == failing(container)

    files = {file.name for file in (scanned.folder / "reports/lab").iterdir()}
    assert files == {
        "lab_docker-host.results.xml",
        "lab_docker-host.html",
        "lab_web-1_docker-host.results.xml",
        "lab_web-1_docker-host.html",
    }
    report = json.loads((scanned.folder / "output/audit-report.json").read_text())
    told = [row for row in report["findings"] if row["subject"]["kind"] == "container"]
    assert {row["fingerprint"] for row in told} == {row["fingerprint"] for row in container}


def test_the_findings_are_what_findings_import_makes_of_the_reports(scanned: Scanned) -> None:
    """The fetched file of the host can be imported elsewhere, and gives the same findings by the same names."""
    run = scanned.role(containers=[], report_formats=["xccdf", "arf"]).check()
    findings = run.result_of("openscap_scan")["results"][0]["findings"]
    playbook = scanned.folder / "import.yml"
    playbook.write_text(
        "- hosts: lab\n  gather_facts: false\n  tasks:\n"
        "    - bulkhead.container_security.findings_import:\n        target: lab\n        reports:\n"
        + "".join(
            f"          - path: {scanned.folder}/reports/lab/lab_docker-host.{name}\n"
            for name in ("results.xml", "arf.xml")
        )
    )
    imported = run_playbook(playbook, inventory=INVENTORY).check().result_of("findings_import")["results"]
    for result in imported:
        assert {row["fingerprint"] for row in result["findings"]} == {row["fingerprint"] for row in findings}


def test_what_cannot_be_evaluated_is_said_and_nothing_is_left(scanned: Scanned) -> None:
    for options, says in (
        ({"containers": ["db-*"]}, "no running container is called db-*"),
        ({"contents": [{"library": "docker-host", "path": "/x"}]}, "row 1 needs one of library, src and path"),
        ({"contents": [{"library": "distribution"}]}, "is no file on this host"),
    ):
        run = scanned.role(**options)
        assert run.rc != 0, says
        assert says in " ".join((run.stdout + run.stderr).split()), run.stdout
    assert scanned.left() == []


def test_content_and_tailoring_of_the_controller_are_brought(scanned: Scanned, tmp_path: Path) -> None:
    content = tmp_path / "own-xccdf.xml"
    content.write_text("""<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_benchmark_own">
      <status>draft</status>
      <version>1</version>
      <Rule id="xccdf_org.example_rule_manual" selected="false">
        <title>Somebody looked</title>
      </Rule>
    </Benchmark>""")
    tailoring = tmp_path / "site.xml"
    tailoring.write_text("""<Tailoring xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_tailoring_x">
      <version time="2026-01-01T00:00:00">1</version>
      <Profile id="xccdf_org.example_profile_site">
        <title>Site</title>
        <select idref="xccdf_org.example_rule_manual" selected="true"/>
      </Profile>
    </Tailoring>""")
    row = {"src": str(content), "tailoring_src": str(tailoring), "profile": "xccdf_org.example_profile_site"}
    run = scanned.role(contents=[row], reports_dir="").check()
    assert run.changed == ["bulkhead.container_security.audit_report"]
    for result in run.result_of("openscap_scan")["results"]:
        assert [(row["control"], row["status"]) for row in result["findings"]] == [("openscap.manual", "manual")]
