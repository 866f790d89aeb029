# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a configuration of Falco that is in use: what is wrong with it, what has drifted, and where alerts go."""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import (
    FalcoError,
    config_faults,
    release_of,
)

Facts = dict[str, Any]
# What Falco takes where a key is not given.
_FALCO_DEFAULTS: Mapping[str, Any] = {
    "priority": "debug",
    "json_output": False,
    "buffered_outputs": False,
    "config_files": ["/etc/falco/config.d"],
}
_LOCAL_OUTPUTS = ("stdout_output", "syslog_output", "file_output", "program_output")


def config_subject(config: Any, path: str, *, version: str, platform: str, declared: Mapping[str, Any] | None) -> Facts:
    """The facts of one falco.yaml. `drift` is null where nothing is declared."""
    identity = {"kind": "FalcoConfig", "name": path}
    if not isinstance(config, Mapping):
        return {"subject": identity, "faults": [f"{path} is no dictionary"], "unknown": {}, **_file(path)}
    server = _part(config, "webserver")
    drops = _part(config, "syscall_event_drops")
    values = {key: config.get(key, default) for key, default in _FALCO_DEFAULTS.items()}
    return {
        "subject": identity,
        "unknown": {},
        "platform": platform,
        "faults": _faults(config, version),
        "drift": None if declared is None else list(_drift(declared, config, "")),
        "priority": str(values["priority"]).lower(),
        "json_output": values["json_output"],
        "config_files": values["config_files"],
        "queue_capacity": _part(config, "outputs_queue").get("capacity", 0),
        "drop_actions": drops.get("actions", ["log", "alert"]),
        "simulates_drops": drops.get("simulate_drops", False),
        "metrics_enabled": _part(config, "metrics").get("enabled", False),
        "unbuffered_in_vain": _unbuffered_in_vain(config, version),
        "webserver": server.get("enabled", True),
        "webserver_exposed": server.get("enabled", True) is True and not _is_loopback(server),
        "webserver_tls": server.get("ssl_enabled", False),
        "remote_outputs": len(list(output_subjects(config, path))),
        **_file(path),
    }


def output_subjects(config: Any, path: str) -> Iterator[Facts]:
    """The outputs that leave the host."""
    http = _part(config, "http_output") if isinstance(config, Mapping) else {}
    if http.get("enabled") is True:
        url = str(http.get("url", ""))
        yield {
            "subject": {"kind": "FalcoOutput", "name": "http_output", "namespace": path},
            "unknown": {},
            "url": url.partition("@")[2] or url,  # a password may stand before it
            "tls": url.startswith("https://"),
            "verified": not http.get("insecure", False),
            "client_certificate": http.get("mtls", False) is True,
        }


def _part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = config.get(name)
    return value if isinstance(value, Mapping) else {}


def _faults(config: Mapping[str, Any], version: str) -> list[str]:
    try:
        return config_faults(config, release_of(version))
    except FalcoError as exc:
        return [str(exc)]


def _drift(declared: Mapping[str, Any], config: Mapping[str, Any], path: str) -> Iterator[str]:
    """The keys that are declared otherwise, or not at all, by their paths."""
    for key in sorted({*declared, *config}, key=str):
        below = f"{path}.{key}" if path else str(key)
        if key not in config:
            yield f"{below} is missing"
        elif key not in declared:
            yield f"{below} is not declared"
        elif isinstance(declared[key], Mapping) and isinstance(config[key], Mapping):
            yield from _drift(declared[key], config[key], below)
        elif declared[key] != config[key]:
            yield f"{below} differs"


def _unbuffered_in_vain(config: Mapping[str, Any], version: str) -> bool:
    """Whether outputs are buffered that were not to be: Falco 0.43 heeds the flag -U alone."""
    wanted = config.get("buffered_outputs") is False
    local = any(_part(config, name).get("enabled") is True for name in _LOCAL_OUTPUTS if name != "syslog_output")
    try:
        return wanted and local and release_of(version) < (0, 44)
    except FalcoError:
        return False


def _is_loopback(server: Mapping[str, Any]) -> bool:
    try:
        return ipaddress.ip_address(str(server.get("listen_address", "0.0.0.0"))).is_loopback
    except ValueError:
        return False


def _file(path: str) -> Facts:
    """Mode and owner, null where there is no such file, as with a configuration that was handed over."""
    try:
        found = os.stat(path)
    except OSError:
        return {"mode": None, "owner": None}
    return {"mode": f"{stat.S_IMODE(found.st_mode):04o}", "owner": found.st_uid}
