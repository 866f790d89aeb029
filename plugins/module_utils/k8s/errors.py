# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between us and a cluster. Every message is one sentence for the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A server may put a whole hostile object into a message.
_LONGEST_MESSAGE = 1000
_LONGEST_TEXT = 200


class K8sError(Exception):
    """Anything wrong with a cluster, or with what was asked of it, that a user can act upon."""


class ConnectionOptionsError(K8sError):
    """The options, the kubeconfig or the context cannot be used; nothing was sent."""


class Unreachable(K8sError):
    """Nothing answers at the address. `sent` tells whether the request may have reached the server all the same."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class ApiStatus(K8sError):
    """The server answered with an error.

    `status` is the HTTP status, `reason` and `details` are those of the Status object, `retry_after` are seconds.
    """

    def __init__(self, status: int, body: Any, request: str, retry_after: float | None = None) -> None:
        self.status = status
        self.body: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        # A proxy, or a server of another kind, answers in plain text; a page of HTML says nothing in one sentence.
        self._text = body[:_LONGEST_TEXT] if isinstance(body, str) and not body.lstrip().startswith("<") else ""
        self.reason = str(self.body.get("reason") or "")
        details = self.body.get("details")
        self.details: Mapping[str, Any] = details if isinstance(details, Mapping) else {}
        self.retry_after = retry_after
        self.request = request
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        said = " ".join(str(self.body.get("message") or self.reason or self._text or "no reason given").split())
        if len(said) > _LONGEST_MESSAGE:
            said = f"{said[:_LONGEST_MESSAGE]} …"
        if self.status == 401:
            return f"{self.request}: the credentials are refused (401), they are expired or not of this cluster"
        return f"{self.request}: {said} ({self.status})"
