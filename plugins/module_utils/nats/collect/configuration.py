# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a configuration file and of the users in it. Passwords and keys are not among them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config_syntax import parse_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

Subject = dict[str, Any]
_EVERYTHING = (">", "*.>")
# Long ago, and still in configurations: another word for the same.
_PUBLISH, _SUBSCRIBE = ("publish", "pub"), ("subscribe", "sub")


def configuration_subjects(path: str) -> tuple[Subject, list[Subject]]:
    """(the file, its users). Raises NatsError for a file that cannot be read."""
    try:
        status = os.stat(path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or "it is not text"
        raise NatsError(f"config: {path} cannot be read: {reason}") from exc
    try:
        config = parse_config(text)
    except NatsError as exc:
        raise NatsError(f"config: {path}: {exc}") from exc
    users = list(_users(config))
    return _file(path, status, config, users), users


def _file(path: str, status: os.stat_result, config: Mapping[str, Any], users: list[Subject]) -> Subject:
    tls = config.get("tls") if isinstance(config.get("tls"), Mapping) else {}
    return {
        "subject": {"kind": "Configuration", "name": path},
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "no_auth_user": config.get("no_auth_user"),
        "allow_non_tls": bool(config.get("allow_non_tls")),
        "tls_verify": bool(tls.get("verify") or tls.get("verify_and_map")) if tls else False,
        "users": len(users),
        "token": "token" in (_section(config, "authorization")),
    }


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


def _users(config: Mapping[str, Any]) -> Iterable[Subject]:
    authorization = _section(config, "authorization")
    if authorization.get("user"):
        yield _user("$G", authorization, {})
    yield from _listed("$G", authorization)
    for name, account in _section(config, "accounts").items():
        if isinstance(account, Mapping):
            yield from _listed(str(name), account)


def _listed(account: str, section: Mapping[str, Any]) -> Iterable[Subject]:
    defaults = section.get("default_permissions")
    users = section.get("users")
    for user in users if isinstance(users, list) else ():
        if isinstance(user, Mapping):
            yield _user(account, user, defaults if isinstance(defaults, Mapping) else {})


def _user(account: str, user: Mapping[str, Any], defaults: Mapping[str, Any]) -> Subject:
    given = user.get("permissions")
    permissions = given if isinstance(given, Mapping) else defaults
    password = user.get("password") or user.get("pass")
    return {
        "subject": {"kind": "User", "name": str(user.get("user") or user.get("nkey") or ""), "namespace": account},
        "nkey": bool(user.get("nkey")),
        "has_password": password is not None,
        "password_hashed": str(password).startswith("$2") if password is not None else None,
        "publish": _allowed(permissions, _PUBLISH),
        "subscribe": _allowed(permissions, _SUBSCRIBE),
        "publish_everything": _everything(permissions, _PUBLISH),
        "subscribe_everything": _everything(permissions, _SUBSCRIBE),
    }


def _side(permissions: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((permissions[name] for name in names if name in permissions), None)


def _allowed(permissions: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    side = _side(permissions, names)
    allowed = side.get("allow") if isinstance(side, Mapping) else side
    if allowed is None:
        return []
    return [str(subject) for subject in (allowed if isinstance(allowed, list) else [allowed])]


def _everything(permissions: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """Without a permission a user may everything; a list of what is denied leaves all else."""
    side = _side(permissions, names)
    if side is None:
        return True
    if isinstance(side, Mapping) and "allow" not in side:
        denied = side.get("deny")
        return ">" not in (denied if isinstance(denied, list) else [denied])
    return any(subject in _EVERYTHING for subject in _allowed(permissions, names))
