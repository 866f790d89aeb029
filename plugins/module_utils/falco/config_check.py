# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this a configuration of Falco? Falco itself only warns of a key that it does not know, and goes on without it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_keys import (
    ANY,
    BOOL,
    CONFIG_KEYS,
    GONE,
    INT,
    NUMBER,
    REQUIRED,
    SINCE,
    TEXT,
    Either,
    Kind,
    Release,
)

_RELEASE = re.compile(r"v?(\d+)\.(\d+)(?:\.\d+)?(?:[-+].*)?\Z")
OLDEST: Release = (0, 43)
_INTERVAL = re.compile(r"(?:\d+(?:ms|[smhdwy]))+\Z")


class FalcoError(Exception):
    """What cannot be done with Falco, or with what it is given; the message is one sentence for the user."""


def release_of(version: str) -> Release:
    """(major, minor) of a version such as 0.43.1. Raises FalcoError for what is none, or too old to be known."""
    match = _RELEASE.match(version)
    if match is None:
        raise FalcoError(f"{version!r} is no version of Falco, such as 0.43.1")
    release = int(match[1]), int(match[2])
    if release < OLDEST:
        raise FalcoError(f"Falco {version} is older than 0.43, whose configuration is the oldest that is known here")
    return release


def config_faults(config: Any, release: Release) -> list[str]:
    """What is wrong, each as `key: why`, in the order of the keys. Nothing where Falco takes all of it."""
    faults = list(_faults(config, CONFIG_KEYS, "", release))
    return faults or [fault for judge in _JUDGES for fault in judge(config)]


def _faults(value: Any, kind: Kind, path: str, release: Release) -> Iterator[str]:
    if isinstance(kind, Either):
        kind = next((one for one in kind.kinds if not list(_faults(value, one, path, release))), kind.kinds[-1])
    if isinstance(kind, Mapping):
        yield from _object_faults(value, kind, path, release)
    elif isinstance(kind, list):
        yield from _list_faults(value, kind[0], path, release)
    elif isinstance(kind, frozenset):
        gone = GONE.get(f"{path}={value}")
        if gone and release >= gone[0]:
            yield f"{path}: {value!r} was dropped by Falco {'.'.join(map(str, gone[0]))}; {gone[1]}"
        elif not isinstance(value, str) or value.lower() not in kind:
            yield f"{path}: {value!r} is none of {', '.join(sorted(kind))}{_near(str(value), kind)}"
    elif not _IS[str(kind)](value):
        yield f"{path}: it is {kind}, and {value!r} is not"


_IS: dict[str, Callable[[Any], bool]] = {
    ANY: lambda _value: True,
    BOOL: lambda value: isinstance(value, bool),
    INT: lambda value: isinstance(value, int) and not isinstance(value, bool),
    NUMBER: lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    TEXT: lambda value: isinstance(value, str),
}


def _list_faults(value: Any, kind: Kind, path: str, release: Release) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: it is a list, and {value!r} is not"
        return
    for number, item in enumerate(value):
        yield from _faults(item, kind, f"{path}[{number}]", release)


def _object_faults(value: Any, keys: Mapping[str, Any], path: str, release: Release) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or 'the configuration'}: it is a dictionary, and {value!r} is not"
        return
    for key in value:
        below = f"{path}.{key}" if path else str(key)
        if key not in keys:
            yield f"{below}: Falco has no such key{_near(str(key), keys)}"
            continue
        fault = _out_of_time(_general(below), release)
        if fault:
            yield f"{below}: {fault}"
        else:
            yield from _faults(value[key], keys[key], below, release)
    for key in REQUIRED.get(_general(path), ()):
        if key not in value:
            yield f"{path}.{key}: it is required"


def _general(path: str) -> str:
    """The path as the tables have it: `plugins[3].name` is `plugins[].name`."""
    return re.sub(r"\[\d+\]", "[]", path)


def _out_of_time(path: str, release: Release) -> str:
    if path in SINCE and release < SINCE[path]:
        return f"Falco has it from {'.'.join(map(str, SINCE[path]))} on"
    if path in GONE and release >= GONE[path][0]:
        gone, instead = GONE[path]
        return f"Falco {'.'.join(map(str, gone))} has dropped it; {instead}"
    return ""


def _near(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word.lower(), sorted(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _http_faults(config: Mapping[str, Any]) -> Iterator[str]:
    http = config.get("http_output") or {}
    if not http.get("enabled"):
        return
    url = str(http.get("url") or "")
    if not url.startswith(("https://", "http://")):
        yield f"http_output.url: it is where alerts are sent, as https://…, and {url!r} is not"
    if http.get("mtls"):
        for key in ("client_cert", "client_key"):
            if not http.get(key):
                yield f"http_output.{key}: it is required with mtls"
        if url.startswith("http://"):
            yield "http_output.mtls: there are no certificates without TLS; the url begins with http://"


def _plugin_faults(config: Mapping[str, Any]) -> Iterator[str]:
    declared = {plugin["name"] for plugin in config.get("plugins") or ()}
    for name in config.get("load_plugins") or ():
        if name not in declared:
            yield f"load_plugins: {name} stands in none of plugins{_near(name, declared)}"


def _output_faults(config: Mapping[str, Any]) -> Iterator[str]:
    for name, key in (("file_output", "filename"), ("program_output", "program")):
        output = config.get(name) or {}
        if output.get("enabled") and not output.get(key):
            yield f"{name}.{key}: it is required where {name} is enabled"


def _number_faults(config: Mapping[str, Any]) -> Iterator[str]:
    port = (config.get("webserver") or {}).get("listen_port", 8765)
    if not 0 < port < 65536:
        yield f"webserver.listen_port: {port} is no port"
    interval = (config.get("metrics") or {}).get("interval", "1h")
    if not _INTERVAL.match(interval):
        yield f"metrics.interval: it is a duration such as 15m or 1h, and {interval!r} is not"
    threshold = (config.get("syscall_event_drops") or {}).get("threshold", 0.1)
    if not 0 <= threshold <= 1:
        yield f"syscall_event_drops.threshold: it lies between 0 and 1, and {threshold} does not"


_JUDGES = (_http_faults, _plugin_faults, _output_faults, _number_faults)
