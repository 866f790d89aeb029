# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a notification goes over HTTP: a configured address, TLS that is verified, no redirections, bounded answers.

The address never depends on the alert. Nothing of it but the host gets into messages, for a webhook's path is a secret.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp

from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.http_body import read_at_most, seconds_to_wait
from bulkhead_response.loopback import is_loopback
from bulkhead_response.notify.secret_file import Unusable, read_secret
from bulkhead_response.parameters import Parameters

ENDPOINT_PARAMETERS = ("url", "url_file", "ca_file", "timeout", "proxy", "plain_http")
_LARGEST_ANSWER = 65536
_SHOWN = 200
_TOO_MANY = 429
_SERVER_FAULT = 500


@dataclass(frozen=True)
class Reply:
    """What a server answered. `text` is cut off."""

    status: int
    text: str

    @property
    def good(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The answer as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Endpoint:
    """Parameters: url or url_file, ca_file, timeout (seconds), proxy, plain_http (http:// beyond the loopback too)."""

    def __init__(self, given: Parameters) -> None:
        """ConfigError for parameters that cannot be used."""
        if given.has("url") == given.has("url_file"):
            raise ConfigError("url: give either url or url_file")
        self._plain_http = given.flag("plain_http", False)
        self._url = given.text("url", "")
        self._url_file = given.text("url_file", "")
        if self._url:
            try:
                self._checked(self._url)
            except Unusable as error:
                raise ConfigError(str(error)) from error
        self._proxy = given.text("proxy", "") or None
        self._timeout = aiohttp.ClientTimeout(total=given.number("timeout", 10, 0.1, 300))
        self._tls = _tls(given.text("ca_file", ""))

    async def send(
        self,
        http: aiohttp.ClientSession,
        method: str,
        path: str = "",
        *,
        data: bytes,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """The answer below 500. Unreachable where a later try may succeed: no answer, 429, 5xx. Unusable by its name.

        path: put behind the configured URL.
        """
        url = self._checked(self._url or read_secret("url_file", self._url_file))
        where = f"{url.scheme}://{url.hostname}" + (f":{url.port}" if url.port else "")
        target = url.geturl().rstrip("/") + path if path else url.geturl()
        try:
            async with http.request(
                method,
                target,
                data=data,
                params=params,
                headers={"User-Agent": "bulkhead-response", **headers},
                allow_redirects=False,
                timeout=self._timeout,
                ssl=self._tls,
                proxy=self._proxy,
            ) as response:
                body, _more = await read_at_most(response, _LARGEST_ANSWER)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            # The text of some of these holds the whole URL.
            raise Unreachable(f"{where} does not answer: {type(error).__name__}") from None
        if response.status == _TOO_MANY or response.status >= _SERVER_FAULT:
            raise Unreachable(f"{where} answers {response.status}", seconds_to_wait(response))
        return Reply(response.status, body.decode(errors="replace"))

    def _checked(self, url: str) -> SplitResult:
        """Unusable for what is no address; the sentence does not repeat it."""
        name = "url_file" if self._url_file else "url"
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            known = False
        if not known or any(letter.isspace() for letter in url):
            raise Unusable(f"{name}: must hold one http:// or https:// URL")
        if parts.scheme == "http" and not is_loopback(parts.hostname) and not self._plain_http:
            raise Unusable(f"{name}: http:// is not encrypted; use https://, or set plain_http where that is meant")
        return parts


def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file: {ca_file} cannot be used: {error}") from error


def refusal(reply: Reply) -> str:
    """Why an answer is not what was hoped for, in a few words."""
    if 300 <= reply.status < 400:
        return f"answers {reply.status}, a redirection, which is not followed"
    text = " ".join(reply.text.split())[:_SHOWN]
    return f"answers {reply.status}" + (f": {text}" if text else "")
