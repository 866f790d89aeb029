# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A declaration that a server would not take, or that would open it, is one sentence."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config import nats_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.nkey import encode_public

_TLS = {"cert_file": "/tls/cert.pem", "key_file": "/tls/key.pem", "ca_file": "/tls/ca.pem"}
SOUND: dict[str, Any] = {
    "server_name": "one",
    "listen": "127.0.0.1:4222",
    "tls": _TLS,
    "accounts": [{"name": "A", "users": [{"name": "joe", "publish": ["a.>"], "subscribe": []}]}],
    "nkeys": {"joe": encode_public(b"\x01" * 32)},
}
_JOE = {"name": "joe", "publish": [], "subscribe": []}
_HASH = "$2a$11$" + "a" * 53


def _with(path: str, value: Any) -> dict[str, Any]:
    """The sound declaration with one thing changed; `accounts.0.users` is a path."""
    changed = copy.deepcopy(SOUND)
    node: Any = changed
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        node = node[part]
    node[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("listen", "4222", "listen: '4222' is not an address and a port"),
        ("listen", "0.0.0.0:70000", "is not an address and a port"),
        ("server_name", "", "server_name is missing"),
        ("acounts", [], "there is no setting 'acounts': did you mean accounts?"),
        ("tls", {"cert_file": "/c", "key_file": "/k"}, "tls: ca_file is missing"),
        ("accounts", "A", "accounts: a list of dictionaries is needed"),
        ("accounts.0.users", ["joe"], "account A: a list of dictionaries is needed"),
        ("accounts", [{"name": "A", "users": []}], "there is no user"),
        ("accounts", [SOUND["accounts"][0], SOUND["accounts"][0]], "accounts: 'A' is declared twice"),
        ("accounts.0.users", [_JOE, _JOE], "users: 'joe' is declared twice"),
        ("accounts.0.users.0.name", "joe doe", "nkeys has no public nkey of this user"),
        ("accounts.0.name", "A B", "'A B' cannot be a name"),
        ("accounts.0.users.0.publish", None, "user joe: publish is missing"),
        ("accounts.0.users.0.publish", ["a b"], "user joe: publish: 'a b' is no subject"),
        ("accounts.0.users.0.auth", "token", "auth is 'token'"),
        ("nkeys", {}, "nkeys has no public nkey of this user"),
        ("nkeys", {"joe": "UAAA"}, "nkeys has no public nkey of this user"),
        ("accounts.0.users.0", {**_JOE, "auth": "password", "password_hash": "s3cret"}, "is not bcrypt"),
        (
            "accounts.0.users.0",
            {**_JOE, "auth": "password", "password_hash": _HASH.replace("11", "04")},
            "has the cost 4",
        ),
        ("system_account", "SYS", "there is no account 'SYS'"),
        ("limits", {"max_paylaod": 1}, "did you mean max_payload?"),
        ("limits", {"max_payload": "1.5GB"}, "is not a size"),
        ("limits", {"max_payload": "65MiB"}, "max_payload must be above 0"),
        ("limits", {"max_connections": 0}, "must be a number above 0"),
        ("limits", {"ping_interval": "often"}, "is not a duration"),
        ("extra", {"no_auth_user": "joe"}, "it decides who gets in"),
        ("extra", {"authorization": {}}, "it decides who gets in"),
        ("extra", {"x": 'a"\nno_auth_user: joe'}, "has a quote, a backslash or a control character"),
        ("extra_users", [{"name": "x", "account": "B"}], "there is no account 'B'"),
        ("cluster", {"name": "c"}, "cluster: listen is missing"),
        (
            "cluster",
            {"name": "c", "listen": "0.0.0.0:6222", "routes": ["nats://u:p@h:1"], "tls": _TLS},
            "is not an address such as tls://",
        ),
    ],
)
def test_it_is_refused(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(NatsError) as refused:
        nats_config(_with(path, value))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_system_account_has_no_jetstream() -> None:
    with pytest.raises(NatsError, match="the system account has no JetStream"):
        nats_config({**_with("accounts.0.jetstream", {"max_file": "1GiB"}), "system_account": "A"})
