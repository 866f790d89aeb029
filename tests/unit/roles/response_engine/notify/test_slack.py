# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""slack: a bounded message in which nothing of an alert is markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.slack import Slack
from bulkhead_response.outcome import Outcome
from bulkhead_response.step import Step
from tests.unit.roles.response_engine.answering import Reply, Seen, an_alert, told


def _slack(folder: Path, url: str) -> Step:
    (folder / "url").write_text(f"{url}/services/T0/hunter2")
    return Slack({"url_file": str(folder / "url")})


def test_a_message(tmp_path: Path) -> None:
    done = {"delete_pod": Outcome("done", "pod shop/web is deleted")}
    outcome, [seen] = told(lambda url: _slack(tmp_path, url), lambda _seen: Reply(body="ok"), so_far=done)
    assert (outcome.status, outcome.message) == ("done", "Slack was told")
    assert seen.path == "/services/T0/hunter2"
    assert seen.json["text"] == "Terminal shell in container: shop/web"
    [attachment] = seen.json["attachments"]
    assert attachment["text"] == "A shell &lt;was&gt; spawned &amp; attached"
    assert attachment["color"] == "warning"
    assert {"title": "delete_pod", "value": "done: pod shop/web is deleted", "short": True} in attachment["fields"]


def test_nothing_of_an_alert_is_markup(tmp_path: Path) -> None:
    alert = an_alert(rule="<!channel>", output="<http://evil.example.com|fine>" + "x" * 9000, hostname="<@U1>")
    _outcome, [seen] = told(lambda url: _slack(tmp_path, url), lambda _seen: Reply(body="ok"), alert)
    assert b"<" not in seen.body
    assert len(seen.body) < 6000


def test_the_address_is_in_no_message(tmp_path: Path) -> None:
    def refused(_seen: Seen) -> Reply:
        return Reply(403, "invalid_token")

    outcome, _seen = told(lambda url: _slack(tmp_path, url), refused)
    assert (outcome.status, outcome.message) == ("failed", "Slack answers 403: invalid_token")


def test_the_address_belongs_into_a_file() -> None:
    with pytest.raises(ConfigError, match="is a secret"):
        Slack({"url": "https://hooks.slack.com/services/T0/x"})
