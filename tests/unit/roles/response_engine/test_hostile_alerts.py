# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts that somebody has written to do harm: each step comes to an end, and what it sends can be read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkhead_response.actions.capture_evidence import CaptureEvidence
from bulkhead_response.actions.run_command import RunCommand
from bulkhead_response.alert import Alert
from bulkhead_response.notify import NOTIFICATIONS
from tests.unit.roles.response_engine.answering import Reply, Seen, an_alert, told
from tests.unit.roles.response_engine.fake_cluster import FakeCluster, a_pod, acted
from tests.unit.roles.response_engine.notify.test_email import MailServer, sent

_TEXT = "\ud800\x00\x1b[2J\r\nBcc: a@b\u2028<!channel>{{ 7*7 }}'\"\\ \U0001f4a3"
_ANYTHING = st.text(st.characters(), max_size=40)


def _hostile(text: str) -> Alert:
    fields = {"proc.cmdline": text, text: [text, {text: None}], "n": 2**80}
    return an_alert(rule=text, output=text, fields=fields, hostname=text, time=text, tags=frozenset({text}))


def _good(seen: Seen) -> Reply:
    seen.body.decode()
    return Reply(201, {"job": 1, "success": True, "id": 1})


@pytest.mark.parametrize("name", ["alertmanager", "awx_job", "phantom", "slack", "webhook"])
def test_a_notification(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    params: dict[str, Any] = {"token_file": str(tmp_path / "secret")} if name in ("awx_job", "phantom") else {}
    params |= {"job_template": 1} if name == "awx_job" else {}

    def step(url: str) -> Any:
        (tmp_path / "url").write_text(url)
        return NOTIFICATIONS[name]({**params, "url_file": str(tmp_path / "url")})

    outcome, seen = told(step, _good, _hostile(_TEXT))
    assert outcome.status == "done"
    assert all(request.json for request in seen)
    assert not [header for request in seen for header in request.headers if header.lower() == "bcc"]


def test_an_email() -> None:
    server = MailServer()
    assert sent(server, alert=_hostile(_TEXT), security="none").status == "done"
    assert [message["Bcc"] for message in server.messages] == [None]


def test_an_event() -> None:
    cluster = FakeCluster()
    assert acted(NOTIFICATIONS["k8s_event"]({}), cluster, _hostile(_TEXT * 99)).status == "done"
    assert len(cluster.seen[0].json["message"].encode(errors="surrogatepass")) <= 1024


def test_evidence(tmp_path: Path) -> None:
    step = CaptureEvidence({"folder": str(tmp_path), "min_free_mb": 0})
    assert acted(step, FakeCluster(a_pod()), _hostile(_TEXT)).status == "done"
    for file in tmp_path.rglob("*.json"):
        file.read_bytes().decode()


def test_a_program() -> None:
    step = RunCommand({"argv": [sys.executable, "-c", "import json, sys; print(len(json.load(sys.stdin)))"]})
    assert acted(step, FakeCluster(), _hostile(_TEXT)).details["output"] == "3\n"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_ANYTHING)
def test_any_text_at_all(text: str, tmp_path: Path) -> None:
    (tmp_path / "url").touch()

    def step(url: str) -> Any:
        (tmp_path / "url").write_text(url)
        return NOTIFICATIONS["slack"]({"url_file": str(tmp_path / "url")})

    outcome, seen = told(step, _good, _hostile(text))
    assert (outcome.status, b"<" in seen[0].body) == ("done", False)
    assert sent(MailServer(), alert=_hostile(text), security="none").status == "done"
