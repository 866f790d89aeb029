# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the API server of this host answers, asked without credentials, and what it said last where it does not."""

from __future__ import annotations

import contextlib
import glob
import http.client
import json
import os
import re
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

_TIMEOUT = 5.0
# Who asks without credentials is told to go away where anonymous access is off, and that is an answer, too.
_ALIVE = (200, 401, 403)
_ANY_ADDRESS = ("", "0.0.0.0", "::", "[::]")
_LINE_LENGTH = 400
_LAST_BYTES = 65536
# How klog begins a line: severity, date, time, thread, place.
_KLOG = re.compile(r"^[IWEF]\d{4} [\d:.]+ +\d+ \S+\] ")
_CRI = re.compile(r"^\S+ std(?:out|err) [FP] ")


class Endpoint:
    """Where the API server listens on this host."""

    def __init__(self, host: str, port: int) -> None:
        self.host = "127.0.0.1" if host in _ANY_ADDRESS else host.strip("[]")
        self.port = port

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def status(self, path: str = "/readyz") -> int | None:
        """The HTTP status of an anonymous request; None where nothing answers."""
        answer = self._get(path)
        return answer[0] if answer else None

    def ready(self) -> bool:
        """Whether it answers, and does not say that it is not ready."""
        return self.status() in _ALIVE

    def version(self) -> tuple[int, int] | None:
        """The release that it says to be; None where it does not say so to everybody."""
        answer = self._get("/version")
        if not answer or answer[0] != 200:
            return None
        try:
            return parse_release(str(json.loads(answer[1]).get("gitVersion")))
        except (ValueError, AttributeError):
            return None

    def _get(self, path: str) -> tuple[int, bytes] | None:
        # The certificate is of no interest: nothing is sent that could be stolen, and a certificate that is about to
        # be replaced must not look like a server that is down.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=_TIMEOUT, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(_LAST_BYTES)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def endpoint_of(flags: Mapping[str, list[str]], address: str | None) -> Endpoint:
    """Where a server with these flags listens; `address` (host:port) where the user says so."""
    if address:
        host, _colon, port = address.rpartition(":")
        return Endpoint(host, int(port))
    host = flags.get("bind-address", ["0.0.0.0"])[-1]
    return Endpoint(host, int(flags.get("secure-port", ["6443"])[-1]))


def parse_release(text: str) -> tuple[int, int] | None:
    """(1, 28) of "v1.28.3+k3s1" or "1.28"; None where the text holds no release."""
    found = re.search(r"(?:^|[^\d.])v?(\d+)\.(\d+)(?:[.+-]|$)", text)
    return (int(found[1]), int(found[2])) if found else None


def last_words(patterns: Iterable[str], lines: int = 3) -> str:
    """The end of the newest log file among these patterns, errors first, in one line; "" where there is none."""
    paths = [path for pattern in patterns for path in glob.glob(pattern)]
    texts = [_tail(path) for path in sorted(paths, key=_modified)[-1:]]
    said = [_plain(line) for text in texts for line in text.splitlines() if line.strip()]
    errors = [line for line in said if re.match(r"(?i)error|fatal|panic|F\d{4} ", line)][-lines:]
    # A server that is started again and again says the same each time.
    chosen = dict.fromkeys(_KLOG.sub("", line)[:_LINE_LENGTH] for line in errors or said[-lines:])
    return "; ".join(list(chosen)[-lines:])


def _plain(line: str) -> str:
    """A line without what the container runtime puts around it (CRI, or JSON of Docker)."""
    line = _CRI.sub("", line)
    if line.startswith('{"log":'):
        with contextlib.suppress(ValueError):
            decoded: dict[str, Any] = json.loads(line)
            line = str(decoded.get("log"))
    return line.strip()


def _tail(path: str) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _LAST_BYTES, 0))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
