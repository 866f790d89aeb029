# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of nats-server that a user adds by their own names: those that would open the server are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

# What would undo what this module is for.
_FORBIDDEN = (
    "no_auth_user",
    "authorization",
    "accounts",
    "tls",
    "cluster",
    "jetstream",
    "allow_non_tls",
    "include",
    "operator",
    "operators",
    "resolver",
    "resolver_preload",
    "trusted",
    "trusted_keys",
)
# Those that open a door of their own, as websocket does, have these in them.
_FORBIDDEN_INSIDE = ("no_auth_user", "no_tls")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check_extra(extra: Any) -> None:
    """Raise NatsError for a field that would let somebody in past what is declared."""
    if not isinstance(extra, Mapping):
        raise NatsError(f"extra: a dictionary is needed, not {extra!r}")
    for name, value in extra.items():
        if not _FIELD.fullmatch(str(name)):
            raise NatsError(f"extra: {name!r} is not the name of a field")
        inside = _first_key(value, _FORBIDDEN_INSIDE)
        # The server takes names in any case.
        if str(name).lower() in _FORBIDDEN or inside:
            raise NatsError(f"extra: {inside or name} is not for here, for it decides who gets in")


def _first_key(value: Any, names: Iterable[str]) -> str:
    """The first key anywhere in the value that is one of these names, in any case; empty where there is none."""
    if isinstance(value, Mapping):
        found = [str(key) for key in value if str(key).lower() in names]
        return found[0] if found else _first_key(list(value.values()), names)
    if isinstance(value, (list, tuple)):
        return next(filter(None, (_first_key(item, names) for item in value)), "")
    return ""
