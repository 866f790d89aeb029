# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of an audit as events, on a real NATS server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import pytest

from tests.lab.ansible import run_module, run_playbook
from tests.lab.nats import Nats, Permissions

_USERS = {
    "auditor": Permissions(publish=["findings.>"], subscribe=["_INBOX.>"]),
    "stranger": Permissions(publish=["other.>"], subscribe=["_INBOX.>"]),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Nats]:
    with Nats(_USERS) as running:
        yield running


@pytest.fixture(autouse=True)
def stream(server: Nats) -> Iterator[None]:
    """A stream that nobody has used."""

    async def do(verb: str) -> None:
        connection = await nats.connect(**server.options())
        manager = connection.jetstream()
        if verb == "make":
            await manager.add_stream(name="FINDINGS", subjects=["findings.>"])
        else:
            await manager.delete_stream("FINDINGS")
        await connection.close()

    asyncio.run(do("make"))
    yield
    asyncio.run(do("delete"))


def _options(server: Nats, user: str = "auditor", **more: Any) -> dict[str, Any]:
    certificate, key = server.certificate_files(user)
    files = {"ca_file": server.ca_file, "cert_file": certificate, "key_file": key}
    named = {name: str(file) for name, file in {**files, "nkey_seed_file": server.seed_file(user)}.items()}
    return {"servers": [server.url], **named, **more}


def _findings(count: int) -> list[dict[str, Any]]:
    return [
        {
            "control": f"docker.container.rule_{number}",
            "target": "web-1",
            "status": "fail",
            "severity": "high",
            "fingerprint": f"{number:032x}",
            "subject": {"kind": "container", "name": "web"},
        }
        for number in range(count)
    ]


def _messages(server: Nats) -> list[tuple[str, dict[str, Any]]]:
    async def read() -> list[tuple[str, dict[str, Any]]]:
        connection = await nats.connect(**server.options())
        jetstream = connection.jetstream()
        last = (await jetstream.stream_info("FINDINGS")).state.last_seq
        found = [await jetstream.get_msg("FINDINGS", number) for number in range(1, last + 1)]
        await connection.close()
        return [(str(message.subject), json.loads(message.data or b"null")) for message in found]

    return asyncio.run(read())


def test_a_check_then_the_real_thing_then_once_more(server: Nats) -> None:
    options = _options(server, findings=_findings(300))
    checked = run_module("findings_publish", options, check=True)
    assert (checked["changed"], checked["selected"], checked["published"]) == (True, 300, 0)
    assert _messages(server) == []

    first, second = (run_module("findings_publish", options) for _time in range(2))
    assert (first["changed"], first["published"], first["streams"]) == (True, 300, ["FINDINGS"])
    assert (second["changed"], second["published"], second["duplicates"]) == (False, 0, 300)
    messages = _messages(server)
    assert {subject for subject, _body in messages} == {f"findings.high.docker.container.rule_{n}" for n in range(300)}


def test_what_a_report_calls_new(server: Nats, tmp_path: Path) -> None:
    report = tmp_path / "audit-report.json"
    for count in (1, 2):
        play = _play(_findings(count), _options(server, report=str(report), drift=["new", "regressed"]), tmp_path)
        run_playbook(play).check()
    ((subject, body),) = _messages(server)
    assert subject == "findings.high.docker.container.rule_1"
    assert body["finding"]["drift"] == "new"
    assert body["collected_at"] == json.loads(report.read_text())["generated_at"]


def _play(findings: list[dict[str, Any]], options: dict[str, Any], folder: Path) -> Path:
    tasks = [
        {
            "name": "Report",
            "bulkhead.container_security.audit_report": {"findings": findings, "output_dir": str(folder)},
        },
        {"name": "Publish", "bulkhead.container_security.findings_publish": options},
    ]
    play = folder / "publish.yml"
    hosts = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    play.write_text(json.dumps([{"name": "Publish what is new", **hosts, "tasks": tasks}]))
    return play


def test_who_is_refused_is_told_why(server: Nats, tmp_path: Path) -> None:
    refused = run_module("findings_publish", _options(server, "stranger", findings=_findings(3)))
    assert refused["failed"]
    assert "ermissions" in refused["msg"]
    assert "0 of 3 findings are published" in refused["msg"]

    nowhere = run_module("findings_publish", _options(server, "admin", findings=_findings(1), subject_prefix="x"))
    assert "no stream takes it" in nowhere["msg"]

    no_report = run_module("findings_publish", _options(server, report=str(tmp_path / "none.json")))
    assert "cannot be read" in no_report["msg"]
    assert _messages(server) == []
