# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""webhook: the alert and what was done as JSON to any address, signed where a key is given."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.endpoint import ENDPOINT_PARAMETERS, Endpoint, refusal
from bulkhead_response.notify.http_notification import HttpNotification
from bulkhead_response.notify.secret_file import Unusable, read_secret, read_text
from bulkhead_response.outcome import DONE, FAILED, Outcome
from bulkhead_response.parameters import Parameters, one_line
from bulkhead_response.report import report
from bulkhead_response.step import Context

SIGNATURE = "X-Bulkhead-Signature-256"


class Webhook(HttpNotification):
    """method, headers, headers_file (JSON: headers with secrets), signing_key_file, and those of Endpoint.

    Each delivery of the same step of the same alert carries the same Idempotency-Key and the same body but for `steps`.
    """

    whom = "the webhook"

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, (*ENDPOINT_PARAMETERS, "method", "headers", "headers_file", "signing_key_file"))
        self._endpoint = Endpoint(given)
        self._method = given.choice("method", "POST", ("POST", "PUT", "PATCH"))
        self._headers = given.one_lines("headers")
        self._headers_file = given.text("headers_file", "")
        self._key_file = given.text("signing_key_file", "")
        if any(name.lower() in ("authorization", "cookie") for name in self._headers):
            raise ConfigError("headers: a header that is a secret belongs into headers_file")

    async def tell(self, alert: Alert, context: Context) -> Outcome:
        """See HttpNotification."""
        body = json.dumps(report(alert, context), sort_keys=True, default=str).encode()
        headers = {**self._headers, **self._secret_headers(), "Content-Type": "application/json"}
        headers["Idempotency-Key"] = context.key
        if self._key_file:
            key = read_secret("signing_key_file", self._key_file)
            headers[SIGNATURE] = f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"
        reply = await self._endpoint.send(context.http, self._method, data=body, headers=headers)
        if not reply.good:
            return Outcome(FAILED, f"the webhook {refusal(reply)}")
        return Outcome(DONE, f"the webhook answers {reply.status}", details={"http_status": reply.status})

    def _secret_headers(self) -> dict[str, str]:
        if not self._headers_file:
            return {}
        try:
            headers = json.loads(read_text("headers_file", self._headers_file))
        except ValueError:
            headers = None
        if not isinstance(headers, dict) or not all(one_line(each) for pair in headers.items() for each in pair):
            raise Unusable(f"headers_file: {self._headers_file} must hold a JSON object of headers")
        return headers
