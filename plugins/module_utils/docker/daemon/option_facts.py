# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from a daemon's options together: its listeners, what waits for a restart, what is not as declared."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.api_address import uses_tls
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.effect import agrees
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import of_role
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import secrets_in
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.seccomp_profile import (
    ProfileError,
    filters,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import DaemonView, chosen
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.certificate_dates import (
    CertificateError,
    validities,
)

Facts = dict[str, Any]


def seccomp_facts(view: DaemonView) -> Facts:
    """{seccomp_profile, seccomp_filters}: the default profile, and whether it refuses any system call at all."""
    entries = [str(entry).split(",") for entry in view.info.get("SecurityOptions") or ()]
    found = [entry[1:] for entry in entries if entry[0] == "name=seccomp"]
    if not found:
        return {"seccomp_profile": None, "seccomp_filters": False}
    profile = next((part.partition("=")[2] for part in found[0] if part.startswith("profile=")), "default")
    return {"seccomp_profile": profile, **_filtering(view, profile)}


def _filtering(view: DaemonView, profile: str) -> Facts:
    if profile in ("default", "builtin", "", "unconfined"):
        return {"seccomp_filters": profile in ("default", "builtin")}
    text = view.paths.files.read(profile) if view.paths else None
    if text is None:
        return {"unknown": {"seccomp_filters": f"the profile {profile} cannot be read"}}
    try:
        return {"seccomp_filters": filters(text)}
    except ProfileError as exc:
        return {"unknown": {"seccomp_filters": f"the profile {profile} cannot be judged: {exc}"}}


def pending_facts(view: DaemonView) -> Facts:
    """{pending_restart}: the options of which the file says something else than is in effect."""
    pending = sorted(key for key, state in view.states.items() if state["pending_restart"])
    untold = [key for key, state in view.states.items() if state["pending_restart"] is None]
    if untold and not pending:
        return {"unknown": {"pending_restart": view.why_unknown(untold[0])}}
    return {"pending_restart": pending}


def declared_facts(view: DaemonView) -> Facts:
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


def authorization_facts(view: DaemonView) -> Facts:
    """{authorization_plugins}. /info names those of the daemon's start, which hold where the file agrees."""
    if view.known("authorization-plugins"):
        return {"authorization_plugins": view.setting("authorization-plugins") or []}
    at_start = (view.info.get("Plugins") or {}).get("Authorization") or []
    on_disk = view.states["authorization-plugins"]["on_disk"] or []
    if view.process and not view.config_error and at_start == on_disk:
        return {"authorization_plugins": at_start}
    return {}


def logging_facts(view: DaemonView) -> Facts:
    """{log_level}, in lower case, as dockerd takes it in any; `debug` overrules it, whatever it is set to."""
    if view.info.get("Debug"):
        return {"log_level": "debug"}
    return {"log_level": str(view.setting("log-level")).lower()} if view.known("log-level") else {}


def listener_facts(view: DaemonView) -> Facts:
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


def kernel_facts(view: DaemonView) -> Facts:
    """{kernel_apparmor, kernel_selinux}: whether the security module is switched on in the daemon's kernel.

    A daemon whose process is not here may have another kernel; then only what it uses itself is certain.
    """
    used = " ".join(view.info.get("SecurityOptions") or ())
    if view.process is None:
        names = ("apparmor", "selinux")
        unknown = {f"kernel_{name}": view.process_missing for name in names if f"name={name}" not in used}
        return {**{f"kernel_{name}": True for name in names if f"name={name}" in used}, "unknown": unknown}
    return {"kernel_apparmor": _apparmor_enabled(), "kernel_selinux": os.path.exists("/sys/fs/selinux/enforce")}


def _apparmor_enabled() -> bool:
    try:
        with open("/sys/module/apparmor/parameters/enabled", encoding="ascii") as file:
            return file.read().strip() == "Y"
    except OSError:
        return False


def file_facts(view: DaemonView) -> Facts:
    """{config_file: {path, error, mode, holds_secrets}}: which daemon.json the daemon reads, and what is wrong there.

    Registry mirrors, proxies and log drivers may have passwords and tokens in it.
    """
    if view.paths is None:
        return {"unknown": {"config_file": view.process_missing}}
    secret = any(secrets_in(state["on_disk"], key) for key, state in view.states.items())
    mode = view.paths.files.facts(view.config_file).get("mode")
    return {
        "config_file": {
            "path": view.config_file,
            "error": view.config_error,
            "mode": mode,
            "holds_secrets": secret,
        }
    }


def certificate_facts(view: DaemonView, now: datetime | None = None) -> Facts:
    """{tls_certificate_days}: how long the certificate that the daemon shows its clients holds; null without TLS."""
    if view.paths is None:
        return {"unknown": {"tls_certificate_days": view.process_missing}}
    for path in of_role(view.paths.all(), "tls_cert"):
        text = view.paths.files.read(path)
        try:
            first = validities(text or "")[0]
        except CertificateError as exc:
            return {"unknown": {"tls_certificate_days": f"{path} cannot be read: {exc}"}}
        return {"tls_certificate_days": (first.not_after - (now or datetime.now(timezone.utc))).days}
    return {"tls_certificate_days": None}
