# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subject of scope `daemon`: what the daemon does now, told by itself wherever it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.option_facts import (
    authorization_facts,
    certificate_facts,
    declared_facts,
    file_facts,
    kernel_facts,
    listener_facts,
    logging_facts,
    pending_facts,
    seccomp_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    AUDITED_OPTIONS,
    DaemonView,
    fact_name,
    unknown_options,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus

Facts = dict[str, Any]

# Answers of /info that tell whether the kernel can enforce a limit at all.
_KERNEL_LIMITS = {
    "MemoryLimit": "memory limit",
    "SwapLimit": "swap limit",
    "CpuCfsQuota": "CPU quota",
    "CPUShares": "CPU shares",
    "PidsLimit": "pids limit",
}

_DERIVED = (
    authorization_facts,
    certificate_facts,
    declared_facts,
    file_facts,
    kernel_facts,
    listener_facts,
    logging_facts,
    pending_facts,
    seccomp_facts,
)


def collect_daemon(engine: Engine, process: DaemonProcess | None, view: DaemonView | None = None) -> list[Facts]:
    """One subject, named by the address that it was asked at.

    Each audited option is a fact by its name (`userland_proxy`), the value in effect; one that cannot be told is
    `unknown`. `options` holds all four states of every option set anywhere. Raises DockerError where the engine does
    not answer.
    """
    seen = view or view_daemon(engine, process)
    facts: Facts = {
        "subject": {"kind": "daemon", "name": engine.docker_host},
        "version": seen.version,
        **{fact_name(key): redacted(key, seen.setting(key)) for key in AUDITED_OPTIONS if seen.known(key)},
        **_said(seen.info),
        "default_bridge": _default_bridge(engine),
        "options": {
            key: {name: redacted(key, value) for name, value in state.items()} for key, state in seen.states.items()
        },
        "unknown": unknown_options(seen, AUDITED_OPTIONS),
    }
    for derive in _DERIVED:
        extra = derive(seen)
        facts["unknown"].update(extra.pop("unknown", {}))
        facts.update(extra)
    facts["unknown"] = {name: reason for name, reason in facts["unknown"].items() if name not in facts}
    return [facts]


def _said(info: Mapping[str, Any]) -> Facts:
    """What /info says of the daemon, in our words."""
    entries = [str(entry).split(",") for entry in info.get("SecurityOptions") or ()]
    names = [entry[0].partition("=")[2] or entry[0] for entry in entries]
    return {
        "security_options": names,
        "rootless": "rootless" in names,
        "user_namespace": "userns" in names or "rootless" in names,
        "storage_driver": info.get("Driver"),
        "log_driver": info.get("LoggingDriver"),
        "live_restore": bool(info.get("LiveRestoreEnabled")),
        "experimental": bool(info.get("ExperimentalBuild")),
        "debug": bool(info.get("Debug")),
        "cgroup_driver": info.get("CgroupDriver"),
        "cgroup_version": info.get("CgroupVersion"),
        "swarm_active": (info.get("Swarm") or {}).get("LocalNodeState") not in (None, "", "inactive"),
        "missing_limits": [text for name, text in _KERNEL_LIMITS.items() if info.get(name) is False],
        **_registries(info),
    }


def _registries(info: Mapping[str, Any]) -> Facts:
    """{insecure_registries, plain_mirrors}: registries without verified TLS; the loopback ranges are always allowed."""
    config = info.get("RegistryConfig") or {}
    ranges = [cidr for cidr in config.get("InsecureRegistryCIDRs") or () if cidr not in ("127.0.0.0/8", "::1/128")]
    indexes = (config.get("IndexConfigs") or {}).items()
    named = [name for name, index in indexes if not index.get("Secure", True)]
    mirrors = [shown(mirror) for mirror in config.get("Mirrors") or () if urlsplit(mirror).scheme == "http"]
    return {"insecure_registries": sorted(ranges + named), "plain_mirrors": sorted(mirrors)}


def _default_bridge(engine: Engine) -> Facts:
    """{exists, icc, host_address} of the network that containers join when told nothing."""
    try:
        options = engine.get("/networks/bridge").get("Options") or {}
    except EngineStatus as exc:
        if exc.status != 404:
            raise
        return {"exists": False}
    return {
        "exists": True,
        "icc": options.get("com.docker.network.bridge.enable_icc") != "false",
        "host_address": options.get("com.docker.network.bridge.host_binding_ipv4"),
    }


def redacted(key: str, value: Any) -> Any:
    """An option's value with fingerprints in the place of secrets, those in labels and other `name=value` too."""
    if isinstance(value, list):
        return [redacted(key, member) for member in value]
    if isinstance(value, str) and "=" in value and "://" not in value:
        name, _equals, rest = value.partition("=")
        return f"{name}={shown(rest, name)}"
    return shown(value, key)
