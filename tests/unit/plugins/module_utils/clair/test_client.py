# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clair's API, with answers as its OpenAPI document has them, and with others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.client import Clair, signed_token
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError
from tests.unit.scripted_http import Reply, scripted_http

DIGEST = "sha256:" + "a" * 64


def test_a_token_is_signed_and_short_lived() -> None:
    head, claims, signature = signed_token(b"key", "bulkhead", 1_000_000.5).split(".")
    wanted = hmac.new(b"key", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == wanted
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {
        "iss": "bulkhead",
        "iat": 1_000_000,
        "nbf": 999_970,
        "exp": 1_000_300,
    }


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(404, {"message": "index report not found"}), "no report of sha256:a+: 404, index report not found"),
        (Reply(500, {}), "500, it says nothing"),
        (Reply(500, [1]), "no JSON object; is url the address of Clair"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html"), "no JSON object"),
        (Reply(raw=b""), "Clair does not answer at"),
        (Reply(302, {}, {"Location": "http://elsewhere.example.com"}), "302, it says nothing"),
        (Reply(403, {}), "Clair refuses the signature"),
        (Reply(200, {"manifest_hash": "sha256:other"}), "with the report of sha256:other"),
        (Reply(200, {"manifest_hash": ["a"]}), "with the report of"),
    ],
)
def test_an_answer_that_is_no_report_is_told_in_one_line(reply: Reply, says: str) -> None:
    with scripted_http(lambda asked: reply) as server, pytest.raises(ClairError, match=says) as caught:
        Clair(server.url).report(DIGEST)
    assert "\n" not in str(caught.value)


def test_an_index_that_is_not_whole_does_not_count() -> None:
    for success in (False, None, "true", 1):
        with scripted_http(lambda asked, told=success: Reply(200, {"success": told})) as server:  # type: ignore[misc]
            assert not Clair(server.url).indexed(DIGEST)


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://u:p@x", "http://x/?q=1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ClairError, match="must be http:// or https://"):
        Clair(url)
