# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are replaced by what still shows that they change."""

from __future__ import annotations

import json

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import (
    said_without_secrets,
    secrets_in,
    shown,
)

CONFIG = {
    "log-driver": "splunk",
    "log-opts": {"splunk-token": "s3cr3t-one", "splunk-url": "https://splunk.example.com", "max-size": "10m"},
    "proxies": {"http-proxy": "http://user:s3cr3t-two@proxy.example.com:3128"},
    "registry-mirrors": ["https://user:s3cr3t-three@mirror.example.com"],
    "authorization-plugins": ["opa"],
    "debug": True,
}


def test_secrets_are_not_shown() -> None:
    text = json.dumps(shown(CONFIG))
    assert "s3cr3t" not in text
    assert "user:" not in text
    assert "proxy.example.com:3128" in text
    assert '"max-size": "10m"' in text
    assert '"authorization-plugins": ["opa"]' in text


def test_a_change_of_a_secret_shows() -> None:
    one, two = {"splunk-token": "a"}, {"splunk-token": "b"}
    assert shown(one) != shown(two)
    assert shown({"x": "http://u:a@h"}) != shown({"x": "http://u:b@h"})


def test_what_holds_no_secret_is_the_same() -> None:
    harmless = {"log-opts": {"max-size": "10m"}, "labels": ["a=b"], "tlskey": "/etc/docker/key.pem"}
    assert shown(harmless) == harmless


def test_a_password_with_an_at_sign_is_not_shown() -> None:
    assert "w0rd" not in str(shown({"x": "http://u:p4ss@w0rd@h:3128/"}))
    assert str(shown("http://u:p4ss@w0rd@h:3128/")).endswith("@h:3128/")


@pytest.mark.parametrize(
    ("said", "without"),
    [
        ("login with password=hunter2 failed", "login with password=*** failed"),
        ('bad option "splunk-token: s3cr3t"', 'bad option "splunk-token: ***"'),
        ('{"api_key": 1, "secret": "s3cr3t"}', '{"api_key": 1, "secret": ***"}'),
        ("secrets are not read from there", "secrets are not read from there"),
        ("failed to start daemon: permission denied", "failed to start daemon: permission denied"),
    ],
)
def test_what_a_command_says_is_shown_without_secrets(said: str, without: str) -> None:
    assert said_without_secrets(said) == without


def test_secrets_for_ansible_to_censor() -> None:
    assert secrets_in(CONFIG) == {"s3cr3t-one", "s3cr3t-two", "s3cr3t-three"}
