# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""alertmanager: an alert to Prometheus' Alertmanager, which groups, silences and routes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.endpoint import ENDPOINT_PARAMETERS, Endpoint, refusal
from bulkhead_response.notify.http_notification import HttpNotification
from bulkhead_response.notify.secret_file import read_secret
from bulkhead_response.outcome import DONE, FAILED, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import cut, sentence, steps
from bulkhead_response.step import Context

_LONGEST = 2000
_SEVERITIES = {
    "emergency": "critical",
    "alert": "critical",
    "critical": "critical",
    "error": "critical",
    "warning": "warning",
    "notice": "warning",
}


class Alertmanager(HttpNotification):
    """url (without /api/v2), labels of one's own, active_minutes, token_file, and those of Endpoint.

    The same alert with the same labels is the same to Alertmanager, however often it comes.
    """

    whom = "Alertmanager"

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, (*ENDPOINT_PARAMETERS, "labels", "active_minutes", "token_file"))
        self._endpoint = Endpoint(given)
        self._labels = given.one_lines("labels")
        self._active = timedelta(minutes=given.number("active_minutes", 60, 1, 10080))
        self._token_file = given.text("token_file", "")
        wrong = next((name for name in self._labels if not name.isidentifier() or not name.isascii()), None)
        if wrong:
            raise ConfigError(f"labels.{wrong}: a label of Prometheus has letters, digits and _ only")

    async def tell(self, alert: Alert, context: Context) -> Outcome:
        """See HttpNotification."""
        headers = {"Content-Type": "application/json"}
        if self._token_file:
            headers["Authorization"] = f"Bearer {read_secret('token_file', self._token_file)}"
        body = json.dumps([self._alert(alert, context)]).encode()
        reply = await self._endpoint.send(context.http, "POST", "/api/v2/alerts", data=body, headers=headers)
        if not reply.good:
            return Outcome(FAILED, f"Alertmanager {refusal(reply)}")
        return Outcome(DONE, "Alertmanager has the alert")

    def _alert(self, alert: Alert, context: Context) -> dict[str, Any]:
        target = alert.target
        labels = {
            "alertname": alert.rule,
            "severity": _SEVERITIES.get(alert.priority, "info"),
            "priority": alert.priority,
            "source": alert.source,
            "namespace": target.namespace,
            "pod": target.pod,
            "container": target.container,
            "node": target.node,
            "hostname": alert.hostname,
            **self._labels,
        }
        done = "; ".join(f"{each['step']}: {each['status']}" for each in steps(context))
        return {
            "labels": {name: value for name, value in labels.items() if value},
            "annotations": {
                "summary": sentence(alert),
                "description": cut(alert.output, _LONGEST),
                "response_rule": context.rule,
                "response": done or "none",
                "alert_id": alert.id,
            },
            # Alertmanager takes the moment of arrival for the start; the end says when it is no longer news.
            "endsAt": (datetime.now(timezone.utc) + self._active).isoformat(timespec="seconds"),
        }
