# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine would refuse is refused on the controller, with the files that lie there under other names."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.errors import ConfigError
from judge_configuration import judge


def content(*steps: dict[str, Any], files: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"config": {"rules": [{"name": "r", "steps": list(steps)}], **more}, "files": files or {}}


def test_what_the_engine_would_take() -> None:
    judge(content({"action": "delete_pod", "params": {"grace_period_seconds": 0}}, dry_run=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            content({"action": "delete_pods"}),
            r"rules\[0\]\.steps\[0\]\.action is 'delete_pods'; did you mean delete_pod\?",
        ),
        (content({"action": "webhook"}), r"rules\[0\]\.steps\[0\]\.action is 'webhook'"),
        (
            content({"action": "delete_pod", "params": {"grace_period": 0}}),
            r"rules\[0\]\.steps\[0\]\.params \(delete_pod\): grace_period: .* did you mean grace_period_seconds\?",
        ),
        (content({"action": "delete_pod"}, limit={}), "limit is not known; did you mean limits?"),
    ],
)
def test_what_it_would_refuse(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        judge(given)


def test_files_are_looked_for_where_they_are_now(tmp_path: Any) -> None:
    """An authority of a webhook is read when the step is made; at the engine it is elsewhere."""
    place = "/etc/engine/secrets/ca.crt"
    step = {"notify": "webhook", "params": {"url": "https://hook.example.com/", "ca_file": place}}
    with pytest.raises(ConfigError, match=place):
        judge(content(step))
    here = tmp_path / "ca.pem"
    here.write_text("no certificate")
    with pytest.raises(ConfigError, match=str(here)):
        judge(content(step, files={place: str(here)}))
