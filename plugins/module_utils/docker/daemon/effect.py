# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a running daemon lets be seen of its own options, in the words of daemon.json.

Sources: GET /info, GET /networks/bridge, and the attributes of the daemon's last `reload` event, which name what
/info does not. Where the daemon shows nothing reliable about an option, the key is left out here. One is left out on
purpose: `authorization-plugins`, for /info keeps showing the plugins of the start after a reload has changed them.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import parse_version
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    EngineStatus,
)

_INFO_FIELDS = {
    "debug": "Debug",
    "labels": "Labels",
    "live-restore": "LiveRestoreEnabled",
    "log-driver": "LoggingDriver",
    "default-runtime": "DefaultRuntime",
    "experimental": "ExperimentalBuild",
    "storage-driver": "Driver",
    "cdi-spec-dirs": "CDISpecDirs",
}
_STOCK_RUNTIMES = frozenset({"runc", "io.containerd.runc.v2", "io.containerd.runtime.v1.linux"})
_LOOPBACK = frozenset({"127.0.0.0/8", "::1/128"})
_BRIDGE_OPTIONS = {
    "icc": "com.docker.network.bridge.enable_icc",
    "ip-masq": "com.docker.network.bridge.enable_ip_masquerade",
    "ip": "com.docker.network.bridge.host_binding_ipv4",
    "mtu": "com.docker.network.driver.mtu",
}
_RELOAD_NUMBERS = (
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "shutdown-timeout",
    "default-shm-size",
    "default-stop-timeout",
)
_RELOAD_TEXTS = ("default-ipc-mode", "default-cgroupns-mode")


def observed_options(engine: Engine, started: float = 0.0, info: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The value in effect of every option that the daemon shows, by JSON key.

    `started` is when the daemon was started (epoch seconds): reload events before it are another process's.
    """
    facts = dict(info if info is not None else engine.get("/info"))
    seen = {key: facts[name] for key, name in _INFO_FIELDS.items() if facts.get(name) is not None}
    if _snapshotter(facts):
        # With the containerd image store, Driver names a snapshotter and not a storage driver.
        seen.pop("storage-driver", None)
    seen.update(_security(facts, parse_version(str(engine.version().get("Version", "")))))
    seen.update(_registries(facts))
    seen.update(_structures(facts))
    # A daemon that finds containers running when it starts leaves every network as it was, whoever is on it.
    outlived = bool(facts.get("LiveRestoreEnabled") and facts.get("ContainersRunning"))
    seen.update({} if outlived else _bridge(engine))
    seen.update(_reloaded(engine, started) if started else {})
    return seen


def _snapshotter(info: Mapping[str, Any]) -> bool:
    return any("io.containerd.snapshotter" in " ".join(map(str, row)) for row in info.get("DriverStatus") or [])


def _security(info: Mapping[str, Any], version: tuple[int, ...]) -> dict[str, Any]:
    names = [str(entry).split(",") for entry in info.get("SecurityOptions") or []]
    words = {entry[0].removeprefix("name=") for entry in names}
    seen: dict[str, Any] = {"userns-remap": "userns" in words, "rootless": "rootless" in words}
    root = str(info.get("DockerRootDir") or "")
    if root:
        seen["data-root"] = re.sub(r"/\d+\.\d+$", "", root) if "userns" in words else root
    if "selinux" in words:
        seen["selinux-enabled"] = True
    if version >= (24, 0):
        seen["no-new-privileges"] = "no-new-privileges" in words
    profiles = [part.removeprefix("profile=") for entry in names if entry[0] == "name=seccomp" for part in entry[1:]]
    if profiles:
        seen["seccomp-profile"] = "" if profiles[0] in ("default", "builtin") else profiles[0]
    return seen


def _registries(info: Mapping[str, Any]) -> dict[str, Any]:
    config = info.get("RegistryConfig") or {}
    ranges = [cidr for cidr in config.get("InsecureRegistryCIDRs") or [] if cidr not in _LOOPBACK]
    named = [name for name, index in (config.get("IndexConfigs") or {}).items() if not index.get("Secure", True)]
    return {"insecure-registries": ranges + named, "registry-mirrors": list(config.get("Mirrors") or [])}


def _structures(info: Mapping[str, Any]) -> dict[str, Any]:
    runtimes = info.get("Runtimes") or {}
    seen: dict[str, Any] = {"runtimes": {name: runtimes[name] for name in runtimes if name not in _STOCK_RUNTIMES}}
    pools = info.get("DefaultAddressPools")
    if pools:
        seen["default-address-pools"] = [{"base": pool.get("Base"), "size": pool.get("Size")} for pool in pools]
    return seen


def _bridge(engine: Engine) -> dict[str, Any]:
    """What the default bridge shows."""
    try:
        network = engine.get("/networks/bridge")
    except EngineStatus:
        return {}
    options = network.get("Options") or {}
    seen = {key: options[name] for key, name in _BRIDGE_OPTIONS.items() if name in options}
    for key in ("icc", "ip-masq"):
        if key in seen:
            seen[key] = seen[key] == "true"
    if str(seen.get("mtu", "")).isdigit():
        seen["mtu"] = int(seen["mtu"])
    return seen


def reload_events(engine: Engine, since: float) -> list[dict[str, Any]]:
    """The daemon's own `reload` events since a time (epoch seconds), oldest first; an engine keeps the last 256."""
    filters = {"type": ["daemon"], "event": ["reload"]}
    query = {"since": f"{since:.9f}", "until": f"{time.time():.9f}", "filters": filters}
    text = b"".join(engine.stream("/events", **query)).decode("utf-8", "replace")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _reloaded(engine: Engine, started: float) -> dict[str, Any]:
    try:
        events = reload_events(engine, started)
    except (DockerError, ValueError):
        return {}
    attributes = events[-1].get("Actor", {}).get("Attributes", {}) if events else {}
    seen: dict[str, Any] = {}
    for key in _RELOAD_NUMBERS:
        if re.fullmatch(r"-?\d+", str(attributes.get(key, ""))):
            seen[key] = int(attributes[key])
    return {**seen, **{key: attributes[key] for key in _RELOAD_TEXTS if attributes.get(key)}}


def agrees(key: str, wanted: Any, seen: Any) -> bool:
    """Whether a configured value and the one that the daemon shows are the same thing to the daemon."""
    compare = _COMPARE.get(key)
    return compare(wanted, seen) if compare else bool(wanted == seen)


def _same_set(wanted: Any, seen: Any) -> bool:
    return set(map(str, wanted or [])) == set(map(str, seen or []))


def _same_registries(wanted: Any, seen: Any) -> bool:
    ours, theirs = ({_registry(item) for item in items or []} for items in (wanted, seen))
    return ours - _LOOPBACK == theirs


def _registry(item: Any) -> str:
    text = re.sub(r"^https?://", "", str(item)).rstrip("/")
    try:
        return str(ipaddress.ip_network(text, strict=False)) if "/" in text else text
    except ValueError:
        return text


def _same_mirrors(wanted: Any, seen: Any) -> bool:
    return [str(item).rstrip("/") for item in wanted or []] == [str(item).rstrip("/") for item in seen or []]


def _same_runtimes(wanted: Any, seen: Any) -> bool:
    ours: dict[str, Any] = {name: spec for name, spec in (wanted or {}).items() if name not in _STOCK_RUNTIMES}
    theirs: dict[str, Any] = seen or {}
    return ours.keys() == theirs.keys() and all(_same_runtime(ours[name], theirs[name]) for name in ours)


def _same_runtime(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    return all(not wanted.get(part) or wanted[part] == seen.get(part) for part in ("path", "runtimeArgs"))


def _same_size(wanted: Any, seen: Any) -> bool:
    return in_bytes(wanted) == in_bytes(seen)


def in_bytes(value: Any) -> int | None:
    """A size as dockerd reads it, in bytes: 67108864, "64M", "64mb", "1.5g"; None where it is no size."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kKmMgGtTpP])?[iI]?[bB]?", str(value).strip())
    if not match or isinstance(value, bool):
        return None
    power = " kmgtp".index((match.group(2) or " ").lower())
    return int(float(match.group(1)) * 1024**power)


def _same_path(wanted: Any, seen: Any) -> bool:
    return os.path.realpath(str(wanted)) == os.path.realpath(str(seen))


def _same_profile(wanted: Any, seen: Any) -> bool:
    return bool(("" if wanted == "builtin" else wanted) == seen)


def _unless_empty(wanted: Any, seen: Any) -> bool:
    return not wanted or bool(wanted == seen)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "labels": _same_set,
    "insecure-registries": _same_registries,
    "registry-mirrors": _same_mirrors,
    "runtimes": _same_runtimes,
    "default-shm-size": _same_size,
    "data-root": _same_path,
    "seccomp-profile": _same_profile,
    "storage-driver": _unless_empty,
    # /info tells that a remapping is there, and not which.
    "userns-remap": lambda wanted, seen: bool(wanted) == bool(seen),
}
