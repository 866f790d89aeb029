# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of the configuration: nobody gets in but those who are declared, and the server itself takes it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config import nats_config, restart_digest
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config_syntax import parse_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.nkey import encode_public

_TLS = {"cert_file": "/tls/cert.pem", "key_file": "/tls/key.pem", "ca_file": "/tls/ca.pem"}
_KEY = encode_public(b"\x01" * 32)
_HASH = "$2a$11$" + "a" * 53


def _settings(**more: Any) -> dict[str, Any]:
    users = [{"name": "joe", "publish": ["a.>"], "subscribe": [], "deny_publish": ["a.b"]}]
    return {
        "server_name": "one",
        "listen": "127.0.0.1:4222",
        "tls": _TLS,
        "accounts": [{"name": "A", "jetstream": {"max_file": "1GiB"}, "users": users}],
        "nkeys": {"joe": _KEY, "ann": _KEY},
        **more,
    }


def _parsed(**more: Any) -> dict[str, Any]:
    return parse_config(nats_config(_settings(**more)))


def test_clients_need_a_certificate() -> None:
    tls = _parsed()["tls"]
    assert tls["verify"] is True
    assert all("GCM" in cipher for cipher in tls["cipher_suites"])


def test_an_empty_list_is_nothing_and_not_everything() -> None:
    [user] = _parsed()["accounts"]["A"]["users"]
    assert user["nkey"] == _KEY
    assert user["permissions"] == {"publish": {"allow": ["a.>"], "deny": ["a.b"]}, "subscribe": {"deny": [">"]}}


def test_a_password_is_a_hash_under_the_name_of_the_user() -> None:
    user = {"name": "ann", "account": "A", "auth": "password", "password_hash": _HASH, "publish": [], "subscribe": []}
    assert _parsed(extra_users=[user])["accounts"]["A"]["users"][1]["password"] == _HASH


def test_sizes_are_bytes_and_days_are_hours() -> None:
    config = _parsed(limits={"max_payload": "1MiB", "ping_interval": "1d", "authorization_timeout": 3})
    assert config["accounts"]["A"]["jetstream"] == {"max_file": 2**30}
    assert (config["max_payload"], config["ping_interval"]) == (2**20, "24h")
    assert config["authorization"] == {"timeout": 3}


def test_servers_of_a_cluster_verify_each_other() -> None:
    routes = ["tls://a:6222", "tls://b:6222", "tls://c:6222"]
    cluster = {"name": "c", "listen": "0.0.0.0:6222", "routes": routes, "tls": _TLS}
    made = _parsed(cluster=cluster)["cluster"]
    assert made["tls"]["verify"] is True
    assert made["routes"] == routes


@pytest.mark.parametrize(
    ("changed", "restarts"),
    [
        ({"listen": "127.0.0.1:4223"}, True),
        ({"jetstream": {"store_dir": "/x"}}, True),
        ({"monitor": "127.0.0.1:8222"}, True),
        ({"limits": {"max_payload": "2MiB"}}, False),
        ({"limits": {"max_pending": "32MiB"}}, True),
        ({"limits": {"max_subscriptions": 10}}, True),
        ({"limits": {"lame_duck_duration": "31s"}}, True),
        ({"limits": {"lame_duck_grace_period": "6s"}}, True),
        ({"extra": {"websocket": {"port": 8443}}}, True),
        ({"accounts": [{"name": "B", "users": [{"name": "joe", "publish": [], "subscribe": []}]}]}, False),
        ({"tls": {**_TLS, "ca_file": "/other.pem"}}, False),
    ],
)
def test_only_what_the_server_reads_when_it_starts_restarts_it(changed: dict[str, Any], restarts: bool) -> None:
    before, after = nats_config(_settings()), nats_config(_settings(**changed))
    assert before != after
    assert (restart_digest(before) != restart_digest(after)) is restarts


def test_a_text_that_is_not_ours_has_no_digest() -> None:
    assert restart_digest("port: 4222\n") == ""


def test_the_same_declaration_gives_the_same_text() -> None:
    assert nats_config(_settings()) == nats_config(copy.deepcopy(_settings()))
