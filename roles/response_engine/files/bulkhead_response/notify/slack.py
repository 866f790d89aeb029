# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""slack: a message by an incoming webhook, whose address is a secret in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bulkhead_response.alert import PRIORITIES, Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.endpoint import ENDPOINT_PARAMETERS, Endpoint, refusal
from bulkhead_response.notify.http_notification import HttpNotification
from bulkhead_response.outcome import DONE, FAILED, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import cut, sentence, steps
from bulkhead_response.step import Context

_LONGEST_TEXT = 2000
_LONGEST_VALUE = 500
_SEVERE, _MEDIUM = PRIORITIES.index("error"), PRIORITIES.index("notice")


class Slack(HttpNotification):
    """url_file, channel (for old webhooks that let one choose), and those of Endpoint."""

    whom = "Slack"

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        if params.get("url") is not None:
            raise ConfigError("url: the address of a Slack webhook is a secret; put it into a file and give url_file")
        given = Parameters(params, (*ENDPOINT_PARAMETERS, "channel"))
        self._endpoint = Endpoint(given)
        self._channel = given.text("channel", "")

    async def tell(self, alert: Alert, context: Context) -> Outcome:
        """See HttpNotification."""
        message = {"text": _escaped(sentence(alert)), "attachments": [_attachment(alert, context)]}
        if self._channel:
            message["channel"] = self._channel
        headers = {"Content-Type": "application/json"}
        reply = await self._endpoint.send(context.http, "POST", data=json.dumps(message).encode(), headers=headers)
        return Outcome(DONE, "Slack was told") if reply.good else Outcome(FAILED, f"Slack {refusal(reply)}")


def _attachment(alert: Alert, context: Context) -> dict[str, Any]:
    facts = {
        "Priority": alert.priority,
        "Response rule": context.rule,
        "Host": alert.hostname,
        "Time": alert.time,
        **{each["step"]: f"{each['status']}: {each['message']}" for each in steps(context)},
    }
    return {
        "color": _colour(alert.priority),
        "text": _escaped(cut(alert.output, _LONGEST_TEXT)),
        "fallback": _escaped(cut(alert.output, _LONGEST_VALUE)),
        "mrkdwn_in": [],
        "fields": [
            {"title": _escaped(title), "value": _escaped(cut(value, _LONGEST_VALUE)), "short": len(value) < 40}
            for title, value in facts.items()
            if value
        ],
    }


def _colour(priority: str) -> str:
    rank = PRIORITIES.index(priority) if priority in PRIORITIES else len(PRIORITIES)
    return "danger" if rank <= _SEVERE else "warning" if rank <= _MEDIUM else "good"


def _escaped(text: str) -> str:
    """Slack's three: without them an alert could mention @channel, or show a link that leads elsewhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
