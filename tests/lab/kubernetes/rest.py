# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few lines of REST, to wait for an API server and to fill it fast; independent of the client under test."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.dockerd import LabError


class Rest:
    """One connection to an API server, opened when it is first needed. Not for two threads at once."""

    def __init__(self, port: int, authority: Path, credential: tuple[Path, Path], host: str = "127.0.0.1") -> None:
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.load_cert_chain(*map(str, credential))
        self._connection = http.client.HTTPSConnection(host, port, context=self._context, timeout=30)

    def send(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """(status, body: JSON where it is JSON, else text). OSError or HTTPException where nothing answers."""
        data = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, data, {"Content-Type": content_type, "Accept": "application/json"})
            response = self._connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text

    def create(self, path: str, body: object) -> Any:
        """The object that a POST made. LabError where it is refused."""
        status, answer = self.send("POST", path, body)
        if status not in (200, 201):
            raise LabError(f"POST {path}: {answer.get('message', answer) if isinstance(answer, dict) else answer}")
        return answer

    def status(self, path: str) -> int:
        """The status of a GET; 0 where nothing answers."""
        try:
            return self.send("GET", path)[0]
        except (OSError, http.client.HTTPException):
            return 0

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def __enter__(self) -> Rest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
