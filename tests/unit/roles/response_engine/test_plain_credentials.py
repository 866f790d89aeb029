# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a credential in a ConfigMap, and what only looks like one."""

from __future__ import annotations

import time

import pytest

from bulkhead_response.plain_credentials import credentials_in


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password", "hunter22"),
        ("DB_PASSWORD", "hunter22"),
        ("dbPassword", "hunter22"),
        ("api-key", "k3y"),
        ("application.properties", "a=1\nspring.datasource.password=hunter22\n"),
        ("app.yml", "db:\n  user: x\n  password: hunter22\n"),
        ("app.json", '{"x": 1,\n "clientSecret": "abc",\n}'),
        ("notes", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
        ("env", "AWS=AKIAABCDEFGHIJKLMNOP"),
        ("url", "postgres://shop:hunter22@db/shop"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0x.c2lnbmF0dXJl"),
    ],
)
def test_a_credential_is_named_and_never_shown(key: str, value: str) -> None:
    [found] = credentials_in({key: value})
    assert found.startswith(f"{key} (")
    assert "hunter22" not in found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("password_file", "/run/secrets/db"),
        ("password", "/run/secrets/db"),
        ("password", ""),
        ("password", "${DB_PASSWORD}"),
        ("token", "{{ token }}"),
        ("token-ttl", "3600"),
        ("app.yml", "password: ${PASSWORD}\npasswordFile: /x\n"),
        ("app.yml", "token: null\n"),
        ("url", "postgres://shop@db/shop"),
        ("url", "postgres://shop:$PASSWORD@db/shop"),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nMII"),
        ("colour", "red"),
        ("password", 3),
    ],
)
def test_what_holds_no_credential_is_let_alone(key: str, value: object) -> None:
    assert credentials_in({key: value}) == []


@pytest.mark.parametrize("text", ["eyJ-", "a" * 50, '<"', "password", "x://a:", "\n", "password=\n", "=eyJa.eyJ"])
def test_no_value_takes_long(text: str) -> None:
    began = time.process_time()
    credentials_in({"password": text * (1_000_000 // len(text))})
    assert time.process_time() - began < 5
