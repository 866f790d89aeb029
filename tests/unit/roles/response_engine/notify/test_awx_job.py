# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""awx_job: a job template is launched, and no text of an alert is a template to Ansible."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.awx_job import AwxJob
from bulkhead_response.outcome import Outcome
from tests.unit.roles.response_engine.answering import KEY, Reply, Seen, an_alert, told


def _launched(folder: Path, reply: Reply, **params: Any) -> tuple[Outcome, list[Seen]]:
    (folder / "token").write_text("s3cret")
    given = {"token_file": str(folder / "token"), "job_template": 7, **params}
    alert = an_alert(output="{{ lookup('pipe', 'id') }}")
    return told(lambda url: AwxJob({"url": url, **given}), lambda _seen: reply, alert)


def test_a_job(tmp_path: Path) -> None:
    reply = Reply(201, {"job": 42, "ignored_fields": {}})
    outcome, [seen] = _launched(tmp_path, reply, extra_vars={"team": "blue"}, limit="web")
    assert (outcome.status, outcome.message, outcome.details) == ("done", "AWX has launched job 42", {"job": 42})
    assert (seen.path, seen.headers["Authorization"]) == ("/api/v2/job_templates/7/launch/", "Bearer s3cret")
    variables = seen.json["extra_vars"]
    assert (variables["team"], seen.json["limit"]) == ("blue", "web")
    assert b"{{" not in seen.body
    alert = json.loads(base64.b64decode(variables["respond_alert_base64"]))
    assert (alert["output"], alert["rule"]) == ("{{ lookup('pipe', 'id') }}", "Terminal shell in container")
    assert json.loads(base64.b64decode(variables["bulkhead_response_base64"]))["key"] == KEY


def test_a_template_that_does_not_prompt(tmp_path: Path) -> None:
    outcome, _seen = _launched(tmp_path, Reply(201, {"job": 42, "ignored_fields": {"extra_vars": {}}}))
    assert outcome.status == "failed"
    assert "AWX has ignored extra_vars" in outcome.message


def test_a_template_by_name(tmp_path: Path) -> None:
    named = {"job_template": "Respond: a+b?", "organization": "Sec Ops"}
    _outcome, [seen] = _launched(tmp_path, Reply(201, {"job": 1}), **named)
    assert seen.path == "/api/v2/job_templates/Respond: a[+]b?++Sec Ops/launch/"


def test_a_name_that_looks_like_a_path() -> None:
    params = {"job_template": "a/b", "organization": "c", "token_file": "/t", "url": "https://awx.example.com"}
    with pytest.raises(ConfigError, match="give the id"):
        AwxJob(params)


def test_a_refusal(tmp_path: Path) -> None:
    outcome, _seen = _launched(tmp_path, Reply(403, {"detail": "no"}))
    assert (outcome.status, "s3cret" in outcome.message) == ("failed", False)


@pytest.mark.parametrize("template", [None, "Respond", True, "", -1])
def test_a_template_that_is_not_sure(template: Any) -> None:
    with pytest.raises(ConfigError):
        AwxJob({"url": "https://awx.example.com", "token_file": "/t", "job_template": template})
