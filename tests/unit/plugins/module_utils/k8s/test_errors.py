# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors are sentences, whatever a server says."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"message": 'pods "a" not found', "reason": "NotFound"}, 'GET https://x: pods "a" not found (404)'),
        ({"reason": "NotFound"}, "GET https://x: NotFound (404)"),
        ({"message": "two\nlines\x00"}, "GET https://x: two lines\x00 (404)"),
        ("404 page not found\n", "GET https://x: 404 page not found (404)"),
        ("x" * 1000, f"GET https://x: {'x' * 200} (404)"),
        (" <html>", "GET https://x: no reason given (404)"),
        (None, "GET https://x: no reason given (404)"),
    ],
)
def test_sentence(body: object, expected: str) -> None:
    assert str(ApiStatus(404, body, "GET https://x")) == expected


def test_a_hostile_message_is_cut() -> None:
    assert len(str(ApiStatus(422, {"message": "x" * 10_000_000}, "GET https://x"))) < 1100


def test_refused_credentials() -> None:
    assert "expired or not of this cluster" in str(ApiStatus(401, {"message": "Unauthorized"}, "GET https://x"))


def test_details_of_a_status() -> None:
    status = ApiStatus(409, {"reason": "Conflict", "details": {"causes": []}}, "GET https://x", 1.0)
    assert (status.reason, status.details, status.retry_after) == ("Conflict", {"causes": []}, 1.0)
    assert ApiStatus(409, {"details": "none"}, "GET https://x").details == {}
