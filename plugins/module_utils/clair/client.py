# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask Clair 4: hand in a manifest, and fetch its report. Signed by a key that both have, where there is one.

Source: the OpenAPI document of Clair, api/v1, and its authentication with a pre-shared key (JWT, HS256).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError

# The report of a large image has some 30 MB.
_LARGEST = 256 * 1024 * 1024
_TOKEN_SECONDS = 300


def signed_token(key: bytes, issuer: str, now: float) -> str:
    """A JWT that says who asks, for five minutes. Clocks may differ by half a minute."""
    claims = {"iss": issuer, "iat": int(now), "nbf": int(now) - 30, "exp": int(now) + _TOKEN_SECONDS}
    parts = [_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = ".".join(parts)
    return f"{text}.{_encoded(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Clair:
    """One service that answers for indexer and matcher, as in combo mode or behind one address.

    psk: the pre-shared key, base64 as the configuration of Clair has it, "" for none. timeout: seconds for each answer;
    Clair answers a manifest when it has fetched and read all layers.
    """

    def __init__(
        self, url: str, *, psk: str = "", issuer: str = "", ca_file: str | None = None, verify: bool = True,
        timeout: float = 600.0,
    ) -> None:  # fmt: skip
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname or address.username or address.query:
            raise ClairError(f"url {url} must be http:// or https://, a host, and a path at most")
        self._address, self._timeout = address, timeout
        self._context = _context(ca_file, verify) if address.scheme == "https" else None
        self._issuer = issuer
        try:
            self._key = base64.b64decode(psk, validate=True)
        except (binascii.Error, ValueError):
            raise ClairError("psk is not base64, as Clair's configuration has it") from None

    def indexed(self, digest: str) -> bool:
        """Whether the index of a manifest is there, and whole."""
        status, value = self._ask("GET", f"/indexer/api/v1/index_report/{quote(digest, safe=':')}")
        return status == 200 and value.get("success") is True

    def index(self, manifest: Mapping[str, Any]) -> None:
        """Let Clair fetch and read the layers of a manifest. Raises ClairError."""
        status, value = self._ask("POST", "/indexer/api/v1/index_report", manifest)
        if status != 201 or value.get("success") is not True:
            raise ClairError(f"Clair did not index {manifest['hash']}: {_told(status, value)}")

    def report(self, digest: str) -> dict[str, Any]:
        """The vulnerability report of a manifest that was indexed. Raises ClairError."""
        status, value = self._ask("GET", f"/matcher/api/v1/vulnerability_report/{quote(digest, safe=':')}")
        if status not in (200, 201):
            raise ClairError(f"Clair has no report of {digest}: {_told(status, value)}")
        told = value.get("manifest_hash")
        if told != digest:
            raise ClairError(f"Clair answered with the report of {told} where {digest} was asked for")
        return value

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._key:
            headers["Authorization"] = f"Bearer {signed_token(self._key, self._issuer, time.time())}"
        connection = self._connection()
        text = None if body is None else json.dumps(body)
        try:
            connection.request(method, self._address.path.rstrip("/") + path, text, headers)
            response = connection.getresponse()
            answer = response.read(_LARGEST + 1)
        except (OSError, http.client.HTTPException) as exc:
            raise ClairError(f"Clair does not answer at {self._address.netloc}: {_reason(exc)}") from exc
        finally:
            connection.close()
        return response.status, self._decoded(response.status, answer)

    def _connection(self) -> http.client.HTTPConnection:
        host = str(self._address.hostname)
        if self._context is None:
            return http.client.HTTPConnection(host, self._address.port, timeout=self._timeout)
        return http.client.HTTPSConnection(host, self._address.port, timeout=self._timeout, context=self._context)

    def _decoded(self, status: int, answer: bytes) -> dict[str, Any]:
        if len(answer) > _LARGEST:
            raise ClairError("Clair answered with more than 256 MB")
        if status in (401, 403):
            raise ClairError(
                f"Clair refuses the signature ({status}); give the psk and the issuer of its configuration"
            )
        try:
            value = json.loads(answer) if answer else {}
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ClairError(
                f"Clair answered {status} with something that is no JSON object; is url the address of Clair?"
            )
        return value


def _context(ca_file: str | None, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
    except OSError as exc:
        raise ClairError(f"ca_path {ca_file} cannot be read: {exc.strerror or exc}") from exc
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _reason(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {exc.verify_message}"
    return " ".join(str(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__).split())[:200]


def _told(status: int, value: Mapping[str, Any]) -> str:
    said = value.get("err") or value.get("message") or value.get("state") or "it says nothing"
    return f"{status}, {''.join(filter(str.isprintable, str(said)))[:300]}"
