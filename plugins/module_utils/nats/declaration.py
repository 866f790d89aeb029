# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of a server, checked: a hole in it is one sentence, not a server that lets everybody in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.extra_fields import check_extra
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.nkey import is_public
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.quantities import (
    parse_duration,
    parse_size,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.subjects import check_subjects

Settings = Mapping[str, Any]

SETTINGS = (
    "server_name",
    "listen",
    "monitor",
    "pid_file",
    "tls",
    "accounts",
    "extra_users",
    "system_account",
    "nkeys",
    "limits",
    "jetstream",
    "cluster",
    "extra",
)
TLS = ("cert_file", "key_file", "ca_file", "timeout", "cipher_suites", "curve_preferences")
ACCOUNT = ("name", "users", "jetstream")
USER = ("name", "auth", "password_hash", "publish", "subscribe", "deny_publish", "deny_subscribe")
JETSTREAM_LIMITS = {"max_memory": parse_size, "max_file": parse_size, "max_streams": None, "max_consumers": None}
JETSTREAM = {"store_dir": None, "max_memory_store": parse_size, "max_file_store": parse_size}
CLUSTER = ("name", "listen", "routes", "tls")
LIMITS = {
    "max_connections": None,
    "max_subscriptions": None,
    "max_payload": parse_size,
    "max_pending": parse_size,
    "max_control_line": parse_size,
    "ping_interval": parse_duration,
    "ping_max": None,
    "write_deadline": parse_duration,
    "lame_duck_duration": parse_duration,
    "lame_duck_grace_period": parse_duration,
    "authorization_timeout": None,
}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$[./A-Za-z0-9]{53}")
_LEAST_COST = 10
_MOST_PAYLOAD = 64 * 1024 * 1024
_LISTEN = re.compile(r"(?P<host>[^\s\"]+):(?P<port>\d{1,5})")


def merged(settings: Settings) -> dict[str, Any]:
    """The declaration with `extra_users` in their accounts, where each names one. Raises NatsError."""
    extra = _dictionaries(settings.get("extra_users") or [], "extra_users")
    accounts = [dict(account) for account in _dictionaries(settings.get("accounts") or [], "accounts")]
    by_name = {account.get("name"): account for account in accounts}
    for user in extra:
        account = by_name.get(user.get("account"))
        if account is None:
            raise NatsError(f"user {user.get('name')}: there is no account {user.get('account')!r}")
        given = {name: value for name, value in user.items() if name != "account"}
        account["users"] = [*(account.get("users") or ()), given]
    return {**settings, "accounts": accounts, "extra_users": []}


def check(settings: Settings) -> None:
    """Raise NatsError for the first thing that a server would not take, or that would open it."""
    known(settings, SETTINGS, "")
    for name in ("server_name", "listen", "tls", "accounts"):
        if not settings.get(name):
            raise NatsError(f"{name} is missing")
    _check_listen(settings["listen"], "listen")
    if settings.get("monitor"):
        _check_listen(settings["monitor"], "monitor")
    _check_tls(settings["tls"], "tls")
    _check_limits(settings.get("limits") or {})
    _check_accounts(settings)
    known(settings.get("jetstream") or {}, JETSTREAM, "jetstream")
    if settings.get("cluster"):
        _check_cluster(settings["cluster"])
    check_extra(settings.get("extra") or {})
    _check_texts(settings, "")


def _dictionaries(given: Any, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(item, Mapping) for item in given):
        raise NatsError(f"{where}: a list of dictionaries is needed, not {given!r}")
    return given


def known(given: Any, names: Iterable[str], where: str) -> None:
    """Raise NatsError for a key that is none of these names, with the one that was meant."""
    if not isinstance(given, Mapping):
        raise NatsError(f"{where or 'the settings'}: a dictionary is needed, not {given!r}")
    choices = sorted(names)
    for key in given:
        if key not in choices:
            meant = difflib.get_close_matches(str(key), choices, 1)
            hint = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(choices)}"
            raise NatsError(f"{f'{where}: ' if where else ''}there is no setting {key!r}: {hint}")


def _check_listen(address: Any, where: str) -> None:
    match = _LISTEN.fullmatch(str(address))
    if not match or not 0 < int(match["port"]) < 65536:
        raise NatsError(f"{where}: {address!r} is not an address and a port, such as 0.0.0.0:4222")


def _check_tls(tls: Any, where: str) -> None:
    known(tls, TLS, where)
    for name in ("cert_file", "key_file", "ca_file"):
        if not tls.get(name):
            raise NatsError(f"{where}: {name} is missing, and without it no client certificate can be asked for")


def _check_limits(limits: Any) -> None:
    known(limits, LIMITS, "limits")
    for name, parse in LIMITS.items():
        value = limits.get(name)
        if value is None:
            continue
        if parse is not None:
            parse(value, f"limits: {name}")
        elif isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise NatsError(f"limits: {name} is {value!r}, and must be a number above 0")
    payload = parse_size(limits.get("max_payload", 1024 * 1024), "limits: max_payload")
    pending = parse_size(limits.get("max_pending", _MOST_PAYLOAD), "limits: max_pending")
    if not 0 < payload <= min(pending, _MOST_PAYLOAD):
        raise NatsError("limits: max_payload must be above 0, at most 64MiB, and no more than max_pending")


def _check_accounts(settings: Settings) -> None:
    accounts = settings["accounts"]
    for account in accounts:
        known(account, ACCOUNT, "accounts")
    _check_names([account.get("name") for account in accounts], "accounts")
    system = settings.get("system_account")
    if system and system not in [account["name"] for account in accounts]:
        raise NatsError(f"system_account: there is no account {system!r}")
    users = [
        user for account in accounts for user in _dictionaries(account.get("users") or [], f"account {account['name']}")
    ]
    if not users:
        raise NatsError("accounts: there is no user, so that nobody could connect")
    for user in users:
        _check_user(user, settings.get("nkeys") or {})
    _check_names([user["name"] for user in users], "users")
    for account in accounts:
        known(account.get("jetstream") or {}, JETSTREAM_LIMITS, f"account {account['name']}: jetstream")
        if account.get("jetstream") and account["name"] == system:
            raise NatsError(f"account {system}: the system account has no JetStream")


def _check_names(names: Sequence[Any], where: str) -> None:
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise NatsError(f"{where}: {name!r} cannot be a name: use letters, digits and _ . @ -")
        if names.count(name) > 1:
            raise NatsError(f"{where}: {name!r} is declared twice")


def _check_user(user: Any, nkeys: Mapping[str, str]) -> None:
    known(user, USER, "users")
    where = f"user {user.get('name')}"
    auth = user.get("auth") or "nkey"
    if auth not in ("nkey", "password"):
        raise NatsError(f"{where}: auth is {auth!r}, and must be nkey or password")
    if auth == "nkey" and not is_public(str(nkeys.get(user.get("name"), ""))):
        raise NatsError(f"{where}: nkeys has no public nkey of this user (U…, 56 characters)")
    if auth == "password":
        _check_hash(user.get("password_hash"), where)
    for side in ("publish", "subscribe"):
        if user.get(side) is None:
            raise NatsError(f"{where}: {side} is missing: list the subjects, or nothing ([]) for none")
        check_subjects(user[side], f"{where}: {side}")
        check_subjects(user.get(f"deny_{side}") or (), f"{where}: deny_{side}")


def _check_hash(text: Any, where: str) -> None:
    match = _BCRYPT.fullmatch(str(text))
    if not match:
        raise NatsError(
            f"{where}: password_hash is not bcrypt ($2a$…): make it with `nats server passwd`, never in the clear"
        )
    if int(match["cost"]) < _LEAST_COST:
        raise NatsError(f"{where}: password_hash has the cost {int(match['cost'])}, and {_LEAST_COST} is the least")


def _check_cluster(cluster: Any) -> None:
    known(cluster, CLUSTER, "cluster")
    for name in CLUSTER:
        if not cluster.get(name):
            raise NatsError(f"cluster: {name} is missing")
    _check_listen(cluster["listen"], "cluster: listen")
    _check_tls(cluster["tls"], "cluster: tls")
    for route in cluster["routes"]:
        if not re.fullmatch(r"tls://[^\s\"/@]+:\d{1,5}", str(route)):
            raise NatsError(f"cluster: the route {route!r} is not an address such as tls://nats-1.example.com:6222")


def _check_texts(value: Any, where: str) -> None:
    """A quote or a line break in a text would end it, and what follows would be configuration."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_texts(key, where)
            _check_texts(item, f"{where}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_texts(item, where)
    elif isinstance(value, str) and re.search(r"[\"\\\x00-\x1f\x7f]", value):
        raise NatsError(f"{where}: {value[:40]!r} has a quote, a backslash or a control character in it")
