# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""phantom: a container with an artifact in Splunk SOAR (Phantom), once for an alert."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bulkhead_response.alert import Alert
from bulkhead_response.notify.endpoint import ENDPOINT_PARAMETERS, Endpoint, Reply, refusal
from bulkhead_response.notify.http_notification import HttpNotification
from bulkhead_response.notify.secret_file import read_secret
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import alert_facts, cut, sentence, steps
from bulkhead_response.step import Context

_SEVERITIES = {
    "emergency": "high",
    "alert": "high",
    "critical": "high",
    "error": "high",
    "warning": "medium",
    "notice": "medium",
}
_SENSITIVITIES = ("white", "green", "amber", "red")
_LONGEST = 4000


class Refusal(Exception):
    """SOAR did not take it; the message says why."""


class Phantom(HttpNotification):
    """url, token_file, label (of containers; SOAR must know it), sensitivity, and those of Endpoint.

    source_data_identifier is the step's key. By it SOAR tells a container that it has already; of artifacts it would
    make a second one, so there we ask first.
    """

    whom = "Splunk SOAR"

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, (*ENDPOINT_PARAMETERS, "token_file", "label", "sensitivity"))
        self._endpoint = Endpoint(given)
        self._token_file = given.text("token_file")
        self._label = given.text("label", "events")
        self._sensitivity = given.choice("sensitivity", "amber", _SENSITIVITIES)

    async def tell(self, alert: Alert, context: Context) -> Outcome:
        """See HttpNotification. The artifact starts the playbooks, so it comes when all is there."""
        try:
            container, known = _judged(await self._ask(context.http, "container", self._container(alert, context)))
            details = {"container": container}
            if known and await self._has_artifact(context, container):
                return Outcome(ALREADY_DONE, f"Splunk SOAR has container {container} already", details=details)
            _judged(await self._ask(context.http, "artifact", self._artifact(alert, context, container)))
        except Refusal as error:
            return Outcome(FAILED, str(error))
        return Outcome(DONE, f"Splunk SOAR has container {container}", details=details)

    async def _has_artifact(self, context: Context, container: int) -> bool:
        query = {"_filter_source_data_identifier": f'"{context.key}"', "_filter_container_id": str(container)}
        reply = await self._ask(context.http, "artifact", params=query)
        answer = reply.json()
        if not reply.good or not isinstance(answer, dict):
            raise Refusal(f"Splunk SOAR {refusal(reply)}")
        return bool(answer.get("data"))

    async def _ask(
        self,
        http: aiohttp.ClientSession,
        what: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """POST of a body, GET without one."""
        token = read_secret("token_file", self._token_file)
        headers = {"ph-auth-token": token, "Content-Type": "application/json"}
        data = b"" if body is None else json.dumps(body, default=str).encode()
        method = "GET" if body is None else "POST"
        return await self._endpoint.send(http, method, f"/rest/{what}", data=data, headers=headers, params=params)

    def _container(self, alert: Alert, context: Context) -> dict[str, Any]:
        return {
            "name": sentence(alert),
            "description": cut(alert.output, _LONGEST),
            "label": self._label,
            "severity": _SEVERITIES.get(alert.priority, "low"),
            "sensitivity": self._sensitivity,
            "source_data_identifier": context.key,
            "tags": sorted(alert.tags),
        }

    def _artifact(self, alert: Alert, context: Context, container: int) -> dict[str, Any]:
        target = alert.target
        common = {"sourceHostName": alert.hostname, "message": cut(alert.output, _LONGEST)}
        ours = {
            "namespace": target.namespace,
            "pod": target.pod,
            "containerId": target.container_id,
            "node": target.node,
        }
        fields = {name: value for name, value in {**common, **ours}.items() if value}
        return {
            "container_id": container,
            "name": cut(alert.rule, 200),
            "label": "event",
            "type": "falco",
            "severity": _SEVERITIES.get(alert.priority, "low"),
            "source_data_identifier": context.key,
            "cef": {**fields, "responseRule": context.rule, "response": steps(context)},
            "data": alert_facts(alert),
            "run_automation": True,
        }


def _judged(reply: Reply) -> tuple[int, bool]:
    """(id, whether it was there before). SOAR refuses a container that it has already, and gives its id beside."""
    answer = reply.json()
    if isinstance(answer, dict):
        if reply.good and answer.get("success") and isinstance(answer.get("id"), int):
            return answer["id"], False
        if isinstance(answer.get("existing_container_id"), int):
            return answer["existing_container_id"], True
    raise Refusal(f"Splunk SOAR {refusal(reply)}")
