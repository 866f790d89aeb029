# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""webhook: what a receiver gets, and can prove."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError
from bulkhead_response.notify.webhook import Webhook
from bulkhead_response.outcome import Outcome
from tests.unit.roles.response_engine.answering import KEY, Reply, Seen, told


def _accepted(_seen: Seen) -> Reply:
    return Reply(202)


def test_the_receiver_hears_of_the_alert_and_what_was_done() -> None:
    done = {"delete_pod": Outcome("done", "pod shop/web is deleted")}
    outcome, [seen] = told(lambda url: Webhook({"url": f"{url}/hook"}), _accepted, so_far=done)
    assert outcome.status == "done"
    assert (seen.method, seen.path, seen.headers["Idempotency-Key"]) == ("POST", "/hook", KEY)
    body = seen.json
    assert body["alert"]["rule"] == "Terminal shell in container"
    assert body["alert"]["target"] == {
        "namespace": "shop",
        "pod": "web",
        "pod_uid": "uid-1",
        "container": "main",
        "node": "node-1",
    }
    assert body["response"] == {
        "rule": "terminal shell",
        "key": KEY,
        "dry_run": False,
        "steps": [{"step": "delete_pod", "status": "done", "message": "pod shop/web is deleted"}],
    }


def test_the_body_is_signed(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    _outcome, [seen] = told(lambda url: Webhook({"url": url, "signing_key_file": str(key)}), _accepted)
    wanted = hmac.new(b"s3cret", seen.body, hashlib.sha256).hexdigest()
    assert seen.headers["X-Bulkhead-Signature-256"] == f"sha256={wanted}"


def test_headers_method_and_secret_headers(tmp_path: Path) -> None:
    secret = tmp_path / "headers"
    secret.write_text(json.dumps({"Authorization": "Bearer s3cret"}, indent=1))
    params = {"method": "PUT", "headers": {"X-Team": "blue"}, "headers_file": str(secret)}
    outcome, [seen] = told(lambda url: Webhook({"url": url, **params}), _accepted)
    assert (seen.method, seen.headers["X-Team"], seen.headers["Authorization"]) == ("PUT", "blue", "Bearer s3cret")
    assert "s3cret" not in outcome.message


@pytest.mark.parametrize("text", ["[]", "x", '{"A": "b\\r\\nC: d"}', '{"A": 1}'])
def test_secret_headers_that_are_none(tmp_path: Path, text: str) -> None:
    secret = tmp_path / "headers"
    secret.write_text(text)
    outcome, seen = told(lambda url: Webhook({"url": url, "headers_file": str(secret)}), _accepted)
    assert (outcome.status, outcome.retry, seen) == ("failed", False, [])
    assert "headers_file" in outcome.message


def test_a_refusal_has_failed_for_good() -> None:
    outcome, _seen = told(lambda url: Webhook({"url": url}), lambda _seen: Reply(400, "no such hook"))
    assert (outcome.status, outcome.retry, outcome.message) == (
        "failed",
        False,
        "the webhook answers 400: no such hook",
    )


def test_a_dry_run_tells_nobody() -> None:
    outcome, seen = told(lambda url: Webhook({"url": url}), _accepted, dry_run=True)
    assert (outcome.status, seen) == ("would_do", [])


@pytest.mark.parametrize(
    "params", [{"headers": {"Authorization": "x"}}, {"headers": {"X": "a\r\nB: c"}}, {"method": "GET"}, {"urll": "x"}]
)
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^(headers|method|urll)"):
        Webhook({"url": "https://hooks.example.com", **params})
