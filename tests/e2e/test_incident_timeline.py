# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""incident_timeline of long logs in little memory, of a real engine, and as a page in a real browser."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.browser import Browser, chromium
from tests.lab.ansible import COLLECTIONS, run_module
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images

MEBIBYTE = 2**20
HOSTILE = "</td><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> \u202egnp.exe"
# Runs the module, and says how much memory it took at most (KiB) after what it printed.
_MEASURED = """
import resource, subprocess, sys
answer = subprocess.run([sys.executable, "-m", *sys.argv[1:]], stdout=subprocess.PIPE, check=False).stdout
sys.stdout.buffer.write(answer.strip() + b"\\n%d" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def audit_event(number: int, verb: str = "get", **ref: str) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": f"a-{number}",
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": f"user-{number % 7}", "groups": ["system:authenticated"]},
        "objectRef": {"resource": "pods", "namespace": "shop", "name": f"web-{number % 500}", **ref},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": f"2026-01-31T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "responseObject": {"data": {"password": "x" * 1500}},
    }


def measured(tmp_path: Path, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The module's answer, and the memory that it took, in MiB."""
    arguments = tmp_path / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_remote_tmp": str(tmp_path)}}))
    name = "ansible_collections.bulkhead.container_security.plugins.modules.incident_timeline"
    result = subprocess.run(
        [sys.executable, "-c", _MEASURED, name, str(arguments)],
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=300,
    )
    answer, memory = result.stdout.rsplit(b"\n", 1)
    return json.loads(answer), int(memory) // 1024


def test_a_long_log_takes_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    count = 0
    with log.open("w") as file:
        while file.tell() < 60 * MEBIBYTE:
            file.write(json.dumps(audit_event(count, "delete")) + "\n")
            count += 1
    options = {"sources": [{"type": "k8s_audit", "paths": [str(log)]}], "pods": ["shop/web-3"], "max_events": 50}
    result, memory = measured(tmp_path, options)
    assert result["summary"]["sources"][0]["events"] == count
    assert result["summary"]["events"] == 50
    assert result["summary"]["left_out"] == count // 500 + (count % 500 > 3) - 50
    assert memory < 60, "the log is larger than the memory that it takes to read it"


def test_events_of_a_real_engine(tmp_path: Path) -> None:
    with Dockerd() as daemon, contextlib.closing(daemon.client()) as client:
        make_images(client, [BASE])
        web = client.containers.run(BASE, ["sleep", "999999"], name="web", detach=True, network_mode="none")
        web.exec_run(["sh", "-c", "DB_PASSWORD=correct-horse-9 true"])
        web.remove(force=True)
        sources = [{"type": "docker_events", "docker_host": daemon.docker_host}]
        result = run_module("incident_timeline", {"sources": sources, "containers": ["web"]})
    kinds = [event["kind"] for event in result["events"]]
    assert {
        "container create",
        "container start",
        "container exec_create",
        "container exec_start",
        "container die",
        "container destroy",
    } <= set(kinds)
    assert "correct-horse" not in json.dumps(result)
    assert [subject["containers"] for subject in result["subjects"]] == [["web"]]


@pytest.fixture
def browser() -> Iterator[Browser]:
    if not (shutil.which("chromedriver") and shutil.which("chromium")):
        pytest.skip("needs chromium and chromium-driver")
    with chromium() as opened:
        yield opened


def test_the_page_in_a_browser(tmp_path: Path, browser: Browser) -> None:
    fields = {"container.id": "d32fcde12eff", "k8s.ns.name": "shop", "k8s.pod.name": "web-1", "proc.cmdline": HOSTILE}
    alert = {"rule": HOSTILE, "priority": "Critical", "output": HOSTILE, "time": "2026-01-31T12:00:00Z"}
    (tmp_path / "falco.jsonl").write_text(json.dumps({**alert, "output_fields": fields}) + "\n")
    (tmp_path / "audit.log").write_text(json.dumps(audit_event(1, "delete", name="web-1")) + "\n")
    page = tmp_path / "timeline.html"
    sources = [
        {"type": "falco", "paths": [str(tmp_path / "falco.jsonl")], "name": "<b>falco</b>"},
        {"type": "k8s_audit", "paths": [str(tmp_path / "audit.log")]},
    ]
    outputs = [{"format": "html", "path": str(page)}]
    result = run_module("incident_timeline", {"sources": sources, "outputs": outputs, "title": "INC-1 <i>"})
    assert "failed" not in result, result["msg"]
    browser.open(page.as_uri())
    assert browser.run("return document.title") == "INC-1 <i>"
    visible = "return [...document.querySelectorAll('tr.c0, tr.c1')].filter(row => row.offsetParent).length"
    assert browser.run(visible) == 2
    browser.click("#c0")
    assert browser.run(visible) == 1
    browser.click("#c0")
    browser.click("#s-critical")
    assert browser.run(visible) == 1
    browser.click("#s-critical")
    browser.click("tr.c0 summary")
    assert HOSTILE.replace("\u202e", "\\u202e") in browser.run("return document.querySelector('tr.c0 dl').innerText")
    browser.click("tr.c0 a")
    assert browser.run("return document.querySelector(':target').cells[2].textContent") == "web-1"
    assert browser.complaints() == []
