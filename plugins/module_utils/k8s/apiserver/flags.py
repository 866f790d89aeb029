# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of flags: from what a user declares to the text on the command line, checked against the server's release."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import (
    BOOL,
    DURATION,
    FLOAT,
    INSTEAD,
    INT,
    LIST,
    MAP,
    REMOVED,
    REPEATED,
    SINCE,
    TEXT,
    TYPES,
    Release,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_CHOICES: dict[str, tuple[str, ...]] = {
    "audit-log-format": ("json", "legacy"),
    "audit-log-mode": ("batch", "blocking", "blocking-strict"),
    "audit-webhook-mode": ("batch", "blocking", "blocking-strict"),
    "authorization-mode": ("ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"),
    "endpoint-reconciler-type": ("lease", "master-count", "none"),
    "logging-format": ("json", "text"),
    "tls-min-version": ("VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"),
}
# A duration of Go, as "1m30s".
_DURATION = re.compile(r"[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+)\Z")
_TRUE = frozenset({"1", "t", "true"})
_FALSE = frozenset({"0", "f", "false"})


class FlagProblem(K8sError):
    """A flag or its value that the API server would not start with."""


def flag_name(name: str) -> str:
    """The name as the API server prints it: no dashes before it, and dashes for underscores."""
    return name.strip().lstrip("-").replace("_", "-")


def check_exists(name: str, release: Release) -> None:
    """FlagProblem where a server of this release does not know the flag."""
    text = ".".join(map(str, release))
    instead = f"; set {INSTEAD[name]}" if name in INSTEAD else ""
    if name not in TYPES:
        close = difflib.get_close_matches(name, TYPES, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise FlagProblem(f"flags: kube-apiserver {text} has no flag {name}{hint}")
    if release >= REMOVED.get(name, (99, 0)):
        raise FlagProblem(
            f"flags: {name} was removed in {'.'.join(map(str, REMOVED[name]))}, and this server is {text}{instead}"
        )
    if release < SINCE.get(name, (0, 0)):
        raise FlagProblem(f"flags: {name} exists from {'.'.join(map(str, SINCE[name]))} on, and this server is {text}")


def rendered(name: str, value: Any) -> list[str]:
    """The value as it stands on the command line; only a repeated flag has more than one. Raises FlagProblem."""
    kind = TYPES[name]
    values = value if kind == REPEATED and isinstance(value, list) else [value]
    texts = [_RENDER[kind](name, each) for each in values]
    for text in texts:
        if "\n" in text or "\0" in text:
            raise FlagProblem(f"flags: the value of {name} holds a line break")
    _check_choice(name, texts[0] if texts else "")
    return texts


def same(name: str, left: list[str], right: list[str]) -> bool:
    """Whether two values on a command line mean the same."""
    if TYPES.get(name) == BOOL:
        return [_as_bool(text) for text in left] == [_as_bool(text) for text in right]
    return left == right


def is_true(text: str) -> bool:
    """Whether a boolean flag's text says yes."""
    return _as_bool(text) == "true"


def as_list(texts: list[str]) -> list[str]:
    """The members of a list flag, which may be given more than once."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def as_map(texts: list[str]) -> dict[str, str]:
    """The members of a map flag."""
    pairs = (part.partition("=") for part in as_list(texts))
    return {key: value for key, _equals, value in pairs}


def _as_bool(text: str) -> str:
    lower = text.lower()
    return "true" if lower in _TRUE else "false" if lower in _FALSE else text


def _bool(name: str, value: Any) -> str:
    text = _as_bool(str(value))
    if text not in ("true", "false"):
        raise FlagProblem(f"flags: {name} is yes or no, and not {value!r}")
    return text


def _int(name: str, value: Any) -> str:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise FlagProblem(f"flags: {name} is a whole number, and not {value!r}")
    return str(value)


def _float(name: str, value: Any) -> str:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        raise FlagProblem(f"flags: {name} is a number, and not {value!r}")
    return str(value)


def _duration(name: str, value: Any) -> str:
    if not _DURATION.match(str(value)):
        raise FlagProblem(f"flags: {name} is a duration such as 1m30s, and not {value!r}")
    return str(value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise FlagProblem(f"flags: {name} is a text, and not a {type(value).__name__}")
    return _as_bool(str(value)) if isinstance(value, bool) else str(value)


def _list(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        raise FlagProblem(f"flags: {name} is a list, and not a dict")
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _map(name: str, value: Any) -> str:
    if isinstance(value, list):
        raise FlagProblem(f"flags: {name} is a dict, and not a list")
    if not isinstance(value, Mapping):
        return str(value)
    return ",".join(f"{key}={_as_bool(str(item)) if isinstance(item, bool) else item}" for key, item in value.items())


_RENDER: dict[str, Callable[[str, Any], str]] = {
    BOOL: _bool,
    INT: _int,
    FLOAT: _float,
    DURATION: _duration,
    TEXT: _text,
    LIST: _list,
    MAP: _map,
    REPEATED: _text,
}


def _check_choice(name: str, text: str) -> None:
    choices = _CHOICES.get(name)
    for part in as_list([text]) if choices else ():
        if part not in (choices or ()):
            raise FlagProblem(f"flags: {name} is one of {', '.join(choices or ())}, and not {part!r}")
