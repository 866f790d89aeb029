# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""awx_job: launches a job template of AWX or Automation Controller, with the alert as extra variables."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.endpoint import ENDPOINT_PARAMETERS, Endpoint, refusal
from bulkhead_response.notify.http_notification import HttpNotification
from bulkhead_response.notify.secret_file import read_secret
from bulkhead_response.outcome import DONE, FAILED, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import falco_form, report
from bulkhead_response.step import Context

_IGNORED = "ignored_fields"


class AwxJob(HttpNotification):
    """url, token_file, job_template (id or name), organization (of a name), extra_vars, limit, and those of Endpoint.

    The template must prompt for variables on launch. Ansible evaluates templates in extra variables, and parts of an
    alert are written by whoever runs a command in a container: so the alert comes as base64 of JSON in Falco's form, in
    the variable respond_alert_base64, and what was done in bulkhead_response_base64, whose `key` tells a playbook
    whether it has seen this alert before.
    """

    whom = "AWX"

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        known = ("token_file", "job_template", "organization", "extra_vars", "limit")
        given = Parameters(params, (*ENDPOINT_PARAMETERS, *known))
        self._endpoint = Endpoint(given)
        self._token_file = given.text("token_file")
        self._template = _template(params.get("job_template"), given)
        self._extra_vars = given.mapping("extra_vars")
        self._limit = given.text("limit", "")

    async def tell(self, alert: Alert, context: Context) -> Outcome:
        """See HttpNotification."""
        token = read_secret("token_file", self._token_file)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        variables = {
            **self._extra_vars,
            "respond_alert_base64": _encoded(falco_form(alert)),
            "bulkhead_response_base64": _encoded(report(alert, context)["response"]),
        }
        body: dict[str, Any] = {"extra_vars": variables, **({"limit": self._limit} if self._limit else {})}
        path = f"/api/v2/job_templates/{self._template}/launch/"
        data = json.dumps(body).encode()
        reply = await self._endpoint.send(context.http, "POST", path, data=data, headers=headers)
        if not reply.good:
            return Outcome(FAILED, f"AWX {refusal(reply)}")
        answer = reply.json() or {}
        ignored = sorted(answer.get(_IGNORED) or {})
        if ignored:
            # The job runs, but without what it should work on.
            message = f"AWX has ignored {', '.join(ignored)}: the job template must prompt for it on launch"
            return Outcome(FAILED, message, details={"job": answer.get("job")})
        return Outcome(DONE, f"AWX has launched job {answer.get('job')}", details={"job": answer.get("job")})


def _encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value, default=str).encode()).decode()


def _template(value: Any, given: Parameters) -> str:
    """An id, or a name as AWX takes it in URLs: NAME++ORGANIZATION, in which a + of a name stands as [+]."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    names = (given.text("job_template"), given.text("organization", ""))
    if names[0].isdigit() and not names[1]:
        return names[0]
    if not names[1]:
        raise ConfigError("organization: the name of a job template is unique in its organization only; give both")
    if any("/" in name for name in names):
        raise ConfigError("job_template: a name with / cannot be told from a path; give the id")
    return "++".join(quote(name.replace("+", "[+]"), safe="[+]") for name in names)
