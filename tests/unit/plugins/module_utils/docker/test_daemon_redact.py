# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are replaced by what still shows that they change."""

from __future__ import annotations

import json

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon_redact import secrets_in, shown

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


def test_secrets_for_ansible_to_censor() -> None:
    assert secrets_in(CONFIG) == {"s3cr3t-one", "s3cr3t-two", "s3cr3t-three"}
