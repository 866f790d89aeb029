# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subject of scope `daemon`: what the daemon does now, told by itself wherever it tells."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon_effect import agrees
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon_paths import uses_tls
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon_process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon_redact import shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon_view import (
    AUDITED_OPTIONS,
    DaemonView,
    chosen,
    fact_name,
    unknown_options,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.seccomp_profile import (
    ProfileError,
    filters,
)

Facts = dict[str, Any]

# Answers of /info that tell whether the kernel can enforce a limit at all.
_KERNEL_LIMITS = {
    "MemoryLimit": "memory limit",
    "SwapLimit": "swap limit",
    "CpuCfsQuota": "CPU quota",
    "CPUShares": "CPU shares",
    "PidsLimit": "pids limit",
}


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
        **_kernel(),
        "default_bridge": _default_bridge(engine),
        "options": {
            key: {name: redacted(key, value) for name, value in state.items()} for key, state in seen.states.items()
        },
        "config_file": {"path": seen.config_file, "error": seen.config_error},
        "unknown": unknown_options(seen, AUDITED_OPTIONS),
    }
    derived = (_pending, _declared, _authorization, _logging, _listeners)
    for extra in (_seccomp(seen, facts["seccomp_profile"]), *(derive(seen) for derive in derived)):
        facts["unknown"].update(extra.pop("unknown", {}))
        facts.update(extra)
    return [facts]


def _said(info: Mapping[str, Any]) -> Facts:
    """What /info says of the daemon, in our words."""
    entries = [str(entry).split(",") for entry in info.get("SecurityOptions") or ()]
    names = [entry[0].partition("=")[2] or entry[0] for entry in entries]
    profiles = [part.partition("=")[2] for entry in entries if "seccomp" in entry[0] for part in entry[1:]]
    return {
        "security_options": names,
        "rootless": "rootless" in names,
        "user_namespace": "userns" in names or "rootless" in names,
        "seccomp_profile": profiles[0] if profiles else ("default" if "seccomp" in names else None),
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


def _kernel() -> Facts:
    """{kernel_apparmor, kernel_selinux}: whether the security module is switched on in the running kernel."""
    apparmor = False
    try:
        with open("/sys/module/apparmor/parameters/enabled", encoding="ascii") as file:
            apparmor = file.read().strip() == "Y"
    except OSError:
        pass
    return {"kernel_apparmor": apparmor, "kernel_selinux": os.path.exists("/sys/fs/selinux/enforce")}


def _default_bridge(engine: Engine) -> Facts:
    """{exists, icc, host_address} of the network that containers join when told nothing."""
    try:
        options = engine.get("/networks/bridge").get("Options") or {}
    except EngineStatus:
        return {"exists": False}
    return {
        "exists": True,
        "icc": options.get("com.docker.network.bridge.enable_icc") != "false",
        "host_address": options.get("com.docker.network.bridge.host_binding_ipv4"),
    }


def _seccomp(view: DaemonView, profile: str | None) -> Facts:
    """{seccomp_filters}: whether containers are kept from any system call by default; a file may allow them all."""
    if profile in (None, "", "unconfined"):
        return {"seccomp_filters": False}
    if profile in ("default", "builtin"):
        return {"seccomp_filters": True}
    text = view.paths.files.read(str(profile)) if view.paths else None
    if text is None:
        return {"unknown": {"seccomp_filters": f"the profile {profile} cannot be read"}}
    try:
        return {"seccomp_filters": filters(text)}
    except ProfileError as exc:
        return {"unknown": {"seccomp_filters": f"the profile {profile} cannot be judged: {exc}"}}


def _pending(view: DaemonView) -> Facts:
    """{pending_restart}: the options of which the file says something else than is in effect."""
    pending = sorted(key for key, state in view.states.items() if state["pending_restart"])
    untold = [key for key, state in view.states.items() if state["pending_restart"] is None]
    if untold and not pending:
        return {"unknown": {"pending_restart": view.why_unknown(untold[0])}}
    return {"pending_restart": pending}


def _declared(view: DaemonView) -> Facts:
    """{declared_options, not_as_declared}: what the caller wants of the daemon, and which of it is not in effect."""
    declared = sorted(key for key, state in view.states.items() if state["declared"] is not None)
    untold = [key for key in declared if not view.known(key)]
    differing = [
        key
        for key in declared
        if key not in untold and not agrees(key, view.states[key]["declared"], view.states[key]["in_effect"])
    ]
    if untold and not differing:
        return {"declared_options": declared, "unknown": {"not_as_declared": view.why_unknown(untold[0])}}
    return {"declared_options": declared, "not_as_declared": differing}


def _authorization(view: DaemonView) -> Facts:
    """{authorization_plugins}. /info names those of the daemon's start, which hold where the file agrees."""
    if view.known("authorization-plugins"):
        return {"authorization_plugins": view.setting("authorization-plugins") or []}
    at_start = (view.info.get("Plugins") or {}).get("Authorization") or []
    on_disk = view.states["authorization-plugins"]["on_disk"] or []
    if view.process and not view.config_error and at_start == on_disk:
        return {"authorization_plugins": at_start, "unknown": {}}
    return {}


def _logging(view: DaemonView) -> Facts:
    """{log_level}: `debug` overrules the level, whatever that is set to."""
    return {"log_level": "debug"} if view.info.get("Debug") else {}


def _listeners(view: DaemonView) -> Facts:
    """{api_hosts, tcp_hosts, plain_tcp_hosts, unauthenticated_tcp_hosts} of the API.

    A TCP address is plain without TLS, and unauthenticated where it asks no certificate of its clients.
    """
    keys = ("hosts", "tls", "tlsverify")
    names = ("api_hosts", "tcp_hosts", "plain_tcp_hosts", "unauthenticated_tcp_hosts")
    unread = [key for key in keys if not view.known(key)]
    if view.paths is None or unread:
        return {"unknown": dict.fromkeys(names, view.why_unknown(unread[0] if unread else "hosts"))}
    tls = uses_tls(chosen(view.states))
    hosts = view.paths.api_hosts()
    tcp = view.paths.api_tcp_hosts()
    verified = bool(view.setting("tlsverify"))
    return {
        "api_hosts": hosts,
        "tcp_hosts": tcp,
        "plain_tcp_hosts": [] if tls else tcp,
        "unauthenticated_tcp_hosts": [] if tls and verified else tcp,
    }


def redacted(key: str, value: Any) -> Any:
    """An option's value with fingerprints in the place of secrets, those in labels and other `name=value` too."""
    if isinstance(value, list):
        return [redacted(key, member) for member in value]
    if isinstance(value, str) and "=" in value and "://" not in value:
        name, _, rest = value.partition("=")
        return f"{name}={shown(rest, name)}"
    return shown(value, key)
