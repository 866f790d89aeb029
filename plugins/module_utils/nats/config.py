# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of nats-server's configuration, made of what is declared. Pure: the same declaration gives the same text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.declaration import (
    JETSTREAM,
    JETSTREAM_LIMITS,
    LIMITS,
    Settings,
    check,
    merged,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.quantities import (
    parse_duration,
    parse_size,
    show_duration,
)

# Forward secrecy and authenticated encryption; servers from 2.9 on know all of them. TLS 1.3 brings its own.
_CIPHERS = (
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
)
_CURVES = ("X25519", "CurveP256", "CurveP384")
# Read when the server starts. A reload that would change one of them is refused by the server, with all else in it.
_AT_START = (
    "server_name",
    "listen",
    "http",
    "jetstream",
    "system_account",
    "pid_file",
    "max_subscriptions",
    "max_pending",
    "lame_duck_duration",
    "lame_duck_grace_period",
)
_DIGEST = "# Restart when this changes, reload for all else: "

Parse = Callable[[Any, str], int]


def nats_config(settings: Settings) -> str:
    """The text of the configuration file. Raises NatsError for a declaration that cannot be meant."""
    whole = merged(settings)
    check(whole)
    sections = _sections(whole)
    lines = [
        "# Made by bulkhead.container_security: changes by hand are overwritten.",
        _DIGEST + _digest(sections, whole.get("extra") or {}),
        "",
    ]
    # JSON is a part of the syntax.
    lines += [f"{name}: {json.dumps(value, indent=2, ensure_ascii=False)}" for name, value in sections.items()]
    return "\n".join(lines) + "\n"


def restart_digest(text: str) -> str:
    """The digest in a configuration text of what only a restart changes; empty in a text that is not ours."""
    for line in text.splitlines():
        if line.startswith(_DIGEST):
            return line[len(_DIGEST) :].strip()
    return ""


def _digest(sections: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """`extra`: of what users add nobody here knows what a reload is enough for."""
    cluster = sections.get("cluster") or {}
    fixed = [sections.get(name) for name in _AT_START] + [cluster.get("name"), cluster.get("listen"), extra]
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def _sections(settings: Settings) -> dict[str, Any]:
    """Everything at the top of the configuration, in the order of the file."""
    sections: dict[str, Any] = {"server_name": settings["server_name"], "listen": settings["listen"]}
    if settings.get("monitor"):
        sections["http"] = settings["monitor"]
    if settings.get("pid_file"):
        sections["pid_file"] = settings["pid_file"]
    sections["tls"] = _tls(settings["tls"])
    sections.update(_limits(settings.get("limits") or {}))
    if settings.get("jetstream"):
        sections["jetstream"] = _parsed(settings["jetstream"], JETSTREAM)
    nkeys = settings.get("nkeys") or {}
    sections["accounts"] = {account["name"]: _account(account, nkeys) for account in settings["accounts"]}
    if settings.get("system_account"):
        sections["system_account"] = settings["system_account"]
    if settings.get("cluster"):
        sections["cluster"] = _cluster(settings["cluster"])
    return {**sections, **(settings.get("extra") or {})}


def _tls(tls: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cert_file": tls["cert_file"],
        "key_file": tls["key_file"],
        "ca_file": tls["ca_file"],
        "verify": True,
        "timeout": tls.get("timeout") or 5,
        "cipher_suites": list(tls.get("cipher_suites") or _CIPHERS),
        "curve_preferences": list(tls.get("curve_preferences") or _CURVES),
    }


def _limits(limits: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, parse in LIMITS.items():
        value = limits.get(name)
        if value is None:
            continue
        if name == "authorization_timeout":
            made["authorization"] = {"timeout": value}
        elif parse is parse_duration:
            # The server counts no days.
            made[name] = _hours(parse_duration(value, name))
        else:
            made[name] = parse_size(value, name) if parse is parse_size else value
    return made


def _hours(nanoseconds: int) -> str:
    text = show_duration(nanoseconds)
    return f"{int(text[:-1]) * 24}h" if text.endswith("d") else text


def _parsed(given: Mapping[str, Any], fields: Mapping[str, Parse | None]) -> dict[str, Any]:
    """The given fields, sizes as bytes."""
    made: dict[str, Any] = {}
    for name, parse in fields.items():
        if given.get(name) is not None:
            made[name] = parse(given[name], name) if parse else given[name]
    return made


def _account(account: Mapping[str, Any], nkeys: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if account.get("jetstream"):
        made["jetstream"] = _parsed(account["jetstream"], JETSTREAM_LIMITS)
    made["users"] = [_user(user, nkeys) for user in account.get("users") or ()]
    return made


def _user(user: Mapping[str, Any], nkeys: Mapping[str, str]) -> dict[str, Any]:
    if user.get("auth") == "password":
        identity = {"user": user["name"], "password": user["password_hash"]}
    else:
        identity = {"nkey": nkeys[user["name"]]}
    permissions = {side: _permission(user[side], user.get(f"deny_{side}") or ()) for side in ("publish", "subscribe")}
    return {**identity, "permissions": permissions}


def _permission(allowed: Sequence[str], denied: Sequence[str]) -> dict[str, list[str]]:
    """An empty list of what is allowed would mean everything to the server."""
    if not allowed:
        return {"deny": [">"]}
    return {"allow": list(allowed), **({"deny": list(denied)} if denied else {})}


def _cluster(cluster: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": cluster["name"],
        "listen": cluster["listen"],
        # Clients learn the addresses of servers from whoever runs them, not from the servers.
        "no_advertise": True,
        "tls": _tls(cluster["tls"]),
        "routes": list(cluster["routes"]),
    }
