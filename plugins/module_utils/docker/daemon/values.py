# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared values brought to the type that dockerd wants, or refused with the place and the reason.

What can be written only one way is written that way: a number where a string belongs (log-opts.max-file: 3) and a
decimal string where a number belongs, which is what a template makes of one. Nothing else is guessed: dockerd does not
start on "false" where a boolean belongs, and neither does this.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.effect import in_bytes
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    OPTION_BY_KEY,
    Version,
    key_problem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

_PROXY_NAMES = ("http-proxy", "https-proxy", "no-proxy")
_AT_LEAST_ZERO = frozenset(
    {
        "default-stop-timeout",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "mtu",
        "network-diagnostic-port",
    }
)
_WORDS = {
    "log-level": ("debug", "info", "warn", "error", "fatal"),
    "log-format": ("text", "json"),
    "default-ipc-mode": ("shareable", "private"),
    "default-cgroupns-mode": ("host", "private"),
    "firewall-backend": ("", "iptables", "nftables"),
}


class ValueProblem(DockerError):
    """A declared value that dockerd would not take."""


def typed_config(declared: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """The declared keys with values of the right type. None, which takes a key or a member away, passes everywhere.

    Raises ValueProblem naming every key that the version does not know, or the first value that is wrong.
    """
    problems = [problem for problem in (key_problem(key, version) for key in declared) if problem]
    if problems:
        raise ValueProblem("config: " + "; ".join(problems))
    return {key: _typed(key, value) for key, value in declared.items()}


def wrong_on_disk(data: Mapping[str, Any], version: Version) -> list[str]:
    """What dockerd of that version would refuse in a file, our own keys or others'."""
    problems = []
    for key, value in data.items():
        problem = key_problem(key, version)
        if problem:
            problems.append(problem)
            continue
        try:
            if value is not None and _typed(key, value) != value:
                problems.append(f"{key} has a value of the wrong type: {_shown(value)}")
        except ValueProblem as exc:
            problems.append(str(exc).removeprefix("config: "))
    return problems


def _typed(key: str, value: Any) -> Any:
    if value is None:
        return None
    result = _BY_KIND[OPTION_BY_KEY[key].kind](key, value)
    allowed = _WORDS.get(key)
    if allowed and result not in allowed:
        raise _wrong(key, "one of " + ", ".join(word or '""' for word in allowed), value)
    if key in _AT_LEAST_ZERO and result < 0:
        raise _wrong(key, "a number from 0 up", value)
    if key == "labels":
        for label in result:
            if "=" not in label:
                raise _wrong(key, "labels of the form name=value", label)
    return result


def _wrong(where: str, wanted: str, value: Any) -> ValueProblem:
    return ValueProblem(f"config: {where} wants {wanted}, not {_shown(value)}")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}
    name = names.get(type(value))
    if name is None:
        return "a map" if isinstance(value, Mapping) else "a list"
    text = str(value)
    # A value may be a secret that landed in the wrong place.
    return f"{name} {value!r}" if len(text) <= 20 else f"{name} of {len(text)} characters"


def _bool(where: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(where, "a boolean (true or false, unquoted)", value)


def _int(where: str, value: Any) -> int:
    number = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    # More digits than these are beyond what fits, and Python would refuse to read thousands of them.
    elif isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,30}", value):
        number = int(value)
    if number is None:
        raise _wrong(where, "a whole number", value)
    if not -(2**63) <= number < 2**63:
        raise _wrong(where, "a number of 64 bits", value)
    return number


def _str(where: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise _wrong(where, "a string", value)


def _only_str(where: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(where, "a string", value)


def _size(where: str, value: Any) -> Any:
    if isinstance(value, (int, str)) and in_bytes(value) is not None:
        return value
    raise _wrong(where, 'a size, as 67108864 or "64M"', value)


def _ip(where: str, value: Any) -> str:
    try:
        return value if value == "" else str(ipaddress.ip_address(_only_str(where, value)))
    except ValueError as exc:
        raise _wrong(where, "an IP address", value) from exc


def _list_of(check: Callable[[str, Any], Any]) -> Callable[[str, Any], list[Any]]:
    def check_list(where: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(where, "a list", value)
        return [check(f"{where}[{number}]", item) for number, item in enumerate(value)]

    return check_list


def _map_of(check: Callable[[str, Any], Any]) -> Callable[[str, Any], dict[str, Any]]:
    def check_map(where: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(where, "a map", value)
        return {str(name): None if item is None else check(f"{where}.{name}", item) for name, item in value.items()}

    return check_map


def _object(where: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise _wrong(where, "a map", value)


def _runtime(where: str, value: Any) -> dict[str, Any]:
    spec = _object(where, value)
    kinds = {"path": _only_str, "runtimeArgs": _list_of(_str), "runtimeType": _only_str, "options": _object}
    for name in spec:
        if name not in kinds:
            raise ValueProblem(f"config: {where}.{name} is unknown; a runtime has {', '.join(kinds)}")
    return {name: None if item is None else kinds[name](f"{where}.{name}", item) for name, item in spec.items()}


def _ulimit(where: str, value: Any) -> dict[str, Any]:
    spec = _object(where, value)
    for name in spec:
        if name not in ("Name", "Soft", "Hard"):
            raise ValueProblem(f"config: {where}.{name} is unknown; a ulimit has Name, Soft and Hard")
    limit = {name: _only_str(f"{where}.Name", item) if name == "Name" else item for name, item in spec.items()}
    numbers = {name: _int(f"{where}.{name}", spec[name]) for name in ("Soft", "Hard") if spec.get(name) is not None}
    soft, hard = numbers.get("Soft", -1), numbers.get("Hard", -1)
    if hard != -1 and soft > hard:
        raise ValueProblem(f"config: {where}: Soft ({soft}) is above Hard ({hard})")
    return {**limit, **numbers}


def _ulimits(where: str, value: Any) -> dict[str, Any]:
    limits = _map_of(_ulimit)(where, value)
    for name, limit in limits.items():
        # dockerd takes the limit's name from Name and not from the key, and gives containers an unnamed one.
        if limit is not None and limit.setdefault("Name", name) != name:
            raise ValueProblem(f"config: {where}.{name}.Name is {limit['Name']!r}; it must be {name!r}")
    return limits


def _pool(where: str, value: Any) -> dict[str, Any]:
    spec = _object(where, value)
    if set(spec) != {"base", "size"}:
        raise _wrong(where, "a map of base and size", value)
    try:
        network = ipaddress.ip_network(_only_str(f"{where}.base", spec["base"]), strict=False)
    except ValueError as exc:
        raise _wrong(f"{where}.base", "a network, as 10.10.0.0/16", spec["base"]) from exc
    size = _int(f"{where}.size", spec["size"])
    if not network.prefixlen <= size <= network.max_prefixlen:
        raise ValueProblem(f"config: {where}.size is {size}, which does not fit into {spec['base']}")
    return {"base": spec["base"], "size": size}


def _proxies(where: str, value: Any) -> dict[str, Any]:
    proxies = _map_of(_only_str)(where, value)
    for name in proxies:
        if name not in _PROXY_NAMES:
            raise ValueProblem(f"config: {where}.{name} is unknown; write {', '.join(_PROXY_NAMES)}")
    return proxies


_BY_KIND: dict[str, Callable[[str, Any], Any]] = {
    "bool": _bool,
    "int": _int,
    "str": _str,
    "size": _size,
    "ip": _ip,
    "list": _list_of(_str),
    "ip_list": _list_of(_ip),
    "map": _map_of(_str),
    "bool_map": _map_of(_bool),
    "nested_map": _map_of(_map_of(_str)),
    "ulimits": _ulimits,
    "runtimes": _map_of(_runtime),
    "pools": _list_of(_pool),
    "proxies": _proxies,
    "object": _object,
}
