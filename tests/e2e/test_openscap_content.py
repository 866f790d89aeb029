# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SCAP content of the role openscap, evaluated by a real oscap in roots that are right, wrong and hostile."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import DOCKER_CONTROLS
from tests.e2e.docker_root import bad_root, changed, good_root
from tests.lab.ansible import run_module
from tests.lab.dockerd import REPOSITORY

CONTENT = REPOSITORY / "roles/openscap/files/content"
XCCDF, CPE = CONTENT / "docker-host-xccdf.xml", CONTENT / "docker-host-cpe.xml"
PARTITION = "openscap.docker.host.data_root.separate"
DEVICEMAPPER = "openscap.docker.daemon.storage_driver.devicemapper"
UNIT = "/usr/lib/systemd/system/docker.service"


def evaluate(root: Path, profile: str = "level2", **options: Any) -> dict[str, str]:
    """By control, the status in a root."""
    content = {"path": str(XCCDF), "cpe": str(CPE), "profile": profile, **options}
    roots = [{"path": str(root), "name": "disk"}]
    result = run_module(
        "openscap_scan",
        {"contents": [content], "host": False, "roots": roots, "target": "lab", "include_passes": True},
    )
    assert not result.get("failed"), result
    return {finding["control"]: finding["status"] for finding in result["results"][0]["findings"]}


def failing(statuses: Mapping[str, str]) -> list[str]:
    """What fails, without the part of the name that all have."""
    return sorted(name.removeprefix("openscap.docker.") for name, status in statuses.items() if status == "fail")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_root(tmp_path / "good")


def test_the_content_is_valid() -> None:
    for command in (
        ["xccdf", "validate", "--schematron", str(XCCDF)],
        ["oval", "validate", "--schematron", "--definitions", str(CONTENT / "docker-host-oval.xml")],
        ["cpe", "validate", str(CPE)],
    ):
        done = subprocess.run(["oscap", *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_passes_where_all_is_right_and_fails_where_all_is_wrong(good: Path, tmp_path: Path) -> None:
    right, wrong = evaluate(good), evaluate(bad_root(tmp_path / "bad"))
    assert len(right) == 67
    # There is no kernel in a root that could say what is mounted.
    assert {name: status for name, status in right.items() if status != "pass"} == {PARTITION: "not_applicable"}
    assert {name: status for name, status in wrong.items() if status != "fail"} == {
        PARTITION: "not_applicable",
        # A daemon has one storage driver.
        DEVICEMAPPER: "pass",
    }
    assert len(evaluate(good, "level1")) < len(right)


@pytest.mark.parametrize(
    ("texts", "fails"),
    [
        ({"/etc/docker/daemon.json": '{"storage-driver": "devicemapper"}'}, ["daemon.storage_driver.devicemapper"]),
        ({"/etc/docker/daemon.json": '{"icc": false,}'}, ["daemon.config_file"]),
        ({"/etc/docker/daemon.json": '{"icc": false, "icc": true}'}, ["daemon.config_file"]),
        ({UNIT: "ExecStart=/usr/bin/dockerd -D --icc --iptables=false\n"}, ["daemon.iptables"]),
        ({UNIT: "ExecStart=/usr/bin/dockerd --debug --insecure-registry example.com\n"},
         ["daemon.insecure_registries", "daemon.log_level"]),
        ({f"{UNIT}.d/site.conf": "[Service]\nExecStart=\nExecStart=-/usr/bin/dockerd --experimental\n"},
         ["daemon.experimental"]),
        ({"/etc/sysconfig/docker": "OPTIONS='--seccomp-profile=unconfined'\n"}, ["daemon.seccomp"]),
        ({"/etc/group": "docker:x:988:alice\n"}, ["host.trusted_users"]),
        ({"/etc/group": "root:x:0:\n"}, ["file.docker_socket.owner"]),
    ],
)  # fmt: skip
def test_one_thing_wrong_fails_its_rule(good: Path, texts: dict[str, str], fails: list[str]) -> None:
    changed(good, texts)
    failed = failing(evaluate(good))
    # A daemon.json that says less than the good one also fails what it no longer says.
    assert set(failed) >= set(fails)
    if "/etc/docker/daemon.json" not in texts:
        assert failed == fails


def test_the_flags_of_the_unit_count_as_daemon_json_does(good: Path) -> None:
    flags = "--icc=false --live-restore --userland-proxy=false --no-new-privileges --userns-remap=default"
    more = "--log-driver=syslog --default-ulimit nofile=64000 --authorization-plugin=opa -H tcp://192.0.2.1:2376"
    changed(
        good,
        {"/etc/docker/daemon.json": "{}", UNIT: f"[Service]\nExecStart=/usr/bin/dockerd {flags} {more} --tlsverify\n"},
    )
    assert failing(evaluate(good)) == []
    changed(good, {UNIT: f"[Service]\n# ExecStart=/usr/bin/dockerd {flags}\nExecStart=/usr/bin/dockerd\n"})
    assert "daemon.icc" in failing(evaluate(good))


def test_trusted_members_of_the_group_are_named_by_a_tailoring(good: Path, tmp_path: Path) -> None:
    changed(good, {"/etc/group": "docker:x:988:alice,ci\n"})
    tailoring = tmp_path / "tailoring.xml"
    # oscap 1.3.7 passes over an element that follows another one on the same line.
    tailoring.write_text(
        f"""
    <Tailoring xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_tailoring_site">
      <benchmark href="{XCCDF}"/>
      <version time="2026-01-01T00:00:00">1</version>
      <Profile id="xccdf_org.example_profile_site" extends="xccdf_org.bulkhead_profile_level1">
        <title>Site</title>
        <select idref="xccdf_org.bulkhead_rule_docker.daemon.live_restore" selected="false"/>
        <set-value idref="xccdf_org.bulkhead_value_docker_group_members">^(alice|ci)(,(alice|ci))*$</set-value>
      </Profile>
    </Tailoring>""".lstrip()
    )
    assert failing(evaluate(good, "level1")) == ["host.trusted_users"]
    tailored = evaluate(good, "xccdf_org.example_profile_site", tailoring_file=str(tailoring))
    assert failing(tailored) == []
    assert "openscap.docker.daemon.live_restore" not in tailored


def test_links_out_of_a_root_lead_nowhere(good: Path, tmp_path: Path) -> None:
    """A container that makes its files links to those of the host gets neither its passes nor its secrets."""
    host = tmp_path / "host"
    changed(host, {"/group": "docker:x:988:known-to-the-host-alone\n", "/daemon.json": '{"icc": false}'})
    for name, link in (("etc/group", "group"), ("etc/docker/daemon.json", "daemon.json")):
        (good / name).unlink()
        (good / name).symlink_to(host / link)
    reports = tmp_path / "reports"
    reports.mkdir()
    result = run_module(
        "openscap_scan",
        {
            "contents": [{"path": str(XCCDF), "cpe": str(CPE), "profile": "level1"}],
            "host": False,
            "roots": [{"path": str(good)}],
            "target": "lab",
            "reports_dir": str(reports),
            "report_formats": ["arf", "xccdf", "html"],
        },
    )
    assert "openscap.docker.daemon.icc" in [finding["control"] for finding in result["results"][0]["findings"]]
    files = sorted(reports.iterdir())
    assert len(files) == 3
    for file in files:
        assert "known-to-the-host-alone" not in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600
    # Nothing of what keeps oscap apart is left.
    assert str(good) not in Path("/proc/self/mounts").read_text()


def test_content_for_another_system_is_no_good_result(tmp_path: Path) -> None:
    changed(tmp_path, {"/etc/os-release": "ID=debian\n"})
    assert evaluate(tmp_path)["openscap.content.applicable"] == "error"


def test_a_pipe_in_the_place_of_a_file_holds_up_nothing(good: Path) -> None:
    for name in ("etc/group", "etc/docker/daemon.json"):
        (good / name).unlink()
        os.mkfifo(good / name)
    assert {"daemon.config_file", "daemon.icc"} <= set(failing(evaluate(good)))


def test_a_root_whose_evaluation_does_not_end_stops_no_other(good: Path, tmp_path: Path) -> None:
    script = tmp_path / "waits.sh"
    script.write_text("#!/bin/sh\n[ -e /target/waits ] && sleep 60\nexit $XCCDF_RESULT_PASS\n")
    script.chmod(0o755)
    content = tmp_path / "own-xccdf.xml"
    content.write_text("""<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_benchmark_own">
      <status>draft</status>
      <version>1</version>
      <Rule id="xccdf_org.example_rule_waits">
        <title>It ends</title>
        <check system="http://open-scap.org/page/SCE">
          <check-content-ref href="waits.sh"/>
        </check>
      </Rule>
    </Benchmark>""")
    changed(tmp_path / "hostile", {"/waits": ""})
    result = run_module(
        "openscap_scan",
        {
            "contents": [{"path": str(content)}],
            "host": False,
            "roots": [{"path": str(tmp_path / "hostile"), "name": "hostile"}, {"path": str(good), "name": "good"}],
            "timeout": 5,
            "target": "lab",
        },
    )
    hostile, other = result["results"]
    assert [(row["control"], row["status"]) for row in hostile["findings"]] == [
        ("openscap.evaluation.complete", "error")
    ]
    assert "hostile: not ready after 5 s" in hostile["findings"][0]["reason"]
    assert other["summary"]["status"]["pass"] == 1


def test_rules_have_the_words_of_the_controls() -> None:
    controls = {control.id: control for control in DOCKER_CONTROLS}
    text = XCCDF.read_text()
    rules = re.findall(r'<Rule id="xccdf_org\.bulkhead_rule_(\S+)".*?severity="(\w+)">(.*?)</Rule>', text, re.DOTALL)
    assert len(rules) == 67
    for name, severity, body in rules:
        control = controls[name]
        assert f"<title>{control.title}</title>" in body
        assert severity == control.severity.replace("critical", "high")
        told = re.findall(r">CIS Docker (\S+): (\S+)</reference>", body)
        assert told == [(row["version"], row["id"]) for row in control.references], name
    selected = re.findall(r'<select idref="xccdf_org\.bulkhead_rule_(\S+)"', text)
    assert set(selected) == {name for name, _severity, _body in rules}


def test_what_stands_in_the_way_is_said(tmp_path: Path, good: Path) -> None:
    content: dict[str, Any] = {"path": str(XCCDF), "cpe": str(CPE), "profile": "level1"}
    slow = tmp_path / "slow"
    slow.write_text('#!/bin/sh\n[ "$1" = info ] && exec oscap "$@"\nsleep 60 & echo $! >"$0.pid"; wait\n')
    slow.chmod(0o755)
    broken = tmp_path / "broken.xml"
    broken.write_text("<Benchmark")
    for options, says in (
        ({"contents": [{**content, "profile": "level3"}]}, "has no profile level3, it has level1, level2"),
        ({"contents": [{"path": "/usr/share/xml/none-ds.xml"}]}, "is no file on this host"),
        ({"contents": [{"path": str(broken)}]}, "oscap ended with 1"),
        ({"contents": [{"path": str(XCCDF), "cpe": str(CPE)}]}, "selects no rule; name a profile"),
        ({"program": "no-oscap"}, "install openscap-scanner"),
        ({"program": str(slow), "timeout": 0.5}, "not ready after 0.5 s"),
        ({"roots": [{"path": str(tmp_path / "absent")}]}, "cannot be looked into"),
        ({"roots": [{"path": "/"}]}, "is the host itself"),
        ({"containers": ["web"], "docker_host": "tcp://192.0.2.1:2376"}, "needs a docker_host that is a socket"),
        ({"host": False}, "Nothing is to be evaluated"),
        ({"roots": [{"path": str(good)}], "fetch_remote_resources": True}, "goes with the host alone"),
    ):  # fmt: skip
        result = run_module("openscap_scan", {"contents": [content], "target": "lab", **options})
        assert result["failed"], says
        assert says in result["msg"], result["msg"]
        assert "\n" not in result["msg"]
    # What it had started has ended with it, and whoever is its parent now takes a moment to notice.
    end = time.monotonic() + 30
    while _runs(int(Path(f"{slow}.pid").read_text())):
        assert time.monotonic() < end
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    """Whether a process is there and is none that has ended and that nobody has asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
