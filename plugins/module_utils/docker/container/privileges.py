# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container may do to the kernel: capabilities, profiles, users. What is in effect counts, where it shows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import (
    capabilities,
    security_options,
    users,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import LiveProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.security_options import (
    SecurityOptions,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Facts,
    Surroundings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.layer_users import uid_by_layers


def privilege_facts(
    container: Mapping[str, Any], around: Surroundings, live: LiveProcess | None, unknown: dict[str, str]
) -> Facts:
    """Facts of one inspected container; `live` is its first process, None where it has none that we can see."""
    host = container.get("HostConfig") or {}
    asked = security_options.parse(host.get("SecurityOpt"))
    privileged = bool(host.get("Privileged"))
    return {
        "privileged": privileged,
        **_capability_facts(host, privileged, live),
        **_user_facts(container, host, around, live),
        **_no_new_privileges(container, asked, around, live, unknown),
        **_seccomp(asked, privileged, around, live),
        **_apparmor(container, asked, privileged, around, live),
        **_selinux(container, asked, around),
        "kernel_paths_unmasked": not privileged
        and (asked.system_paths == "unconfined" or host.get("MaskedPaths") == []),
    }


def _capability_facts(host: Mapping[str, Any], privileged: bool, live: LiveProcess | None) -> Facts:
    asked = capabilities.granted(privileged, host.get("CapAdd"), host.get("CapDrop"))
    # A kernel or a runtime may know fewer capabilities than were asked for; it never gives more.
    held = asked & live.bounding if live else asked
    beyond = capabilities.beyond_default(held)
    return {
        "added_capabilities": ["ALL"] if privileged or _adds_all(host) else beyond,
        "capabilities_beyond_default": beyond,
        "net_raw": "NET_RAW" in held,
    }


def _adds_all(host: Mapping[str, Any]) -> bool:
    return any(capabilities.normalized(name) == "ALL" for name in host.get("CapAdd") or ())


def _user_facts(
    container: Mapping[str, Any], host: Mapping[str, Any], around: Surroundings, live: LiveProcess | None
) -> Facts:
    user = str((container.get("Config") or {}).get("User") or "")
    uid = users.uid(user)
    # A name that the image's own passwd may well map to 0.
    if uid is None and live:
        uid = live.uid
    elif uid is None and around.processes:
        uid = uid_by_layers(user, container, around.files)
    remapped = "rootless" in around.security or ("userns" in around.security and host.get("UsernsMode") != "host")
    return {"user": user, "uid": uid, "root": uid == 0, "root_is_remapped": remapped}


def _no_new_privileges(
    container: Mapping[str, Any],
    asked: SecurityOptions,
    around: Surroundings,
    live: LiveProcess | None,
    unknown: dict[str, str],
) -> Facts:
    default = True if "no-new-privileges" in around.security else around.defaults.no_new_privileges
    if live:
        value: bool | None = live.no_new_privileges
    elif asked.no_new_privileges is not None:
        value = asked.no_new_privileges
    else:
        value = _recorded_no_new_privileges(container, around)
        value = default if value is None else value
    if value is None:
        unknown["no_new_privileges"] = (
            "Neither the container nor the API says it, and the daemon's own default can only be read on its host."
        )
        return {"no_new_privileges_asked": asked.no_new_privileges}
    return {"no_new_privileges": value, "no_new_privileges_asked": asked.no_new_privileges}


def _recorded_no_new_privileges(container: Mapping[str, Any], around: Surroundings) -> bool | None:
    """What dockerd wrote down when it made the container: the default of that day, which the API does not tell."""
    if not around.processes:
        return None
    path = os.path.join(around.data_root, "containers", str(container.get("Id")), "config.v2.json")
    try:
        value = json.loads(around.files.read(path) or "{}").get("NoNewPrivileges")
    except ValueError:
        return None
    return value if isinstance(value, bool) else None


def _seccomp(asked: SecurityOptions, privileged: bool, around: Surroundings, live: LiveProcess | None) -> Facts:
    """`seccomp` is unsupported, unconfined, default, or custom."""
    daemon = around.security.get("seccomp")
    if daemon is None:
        return {"seccomp": "unsupported"}
    if asked.seccomp is not None:
        profile = "unconfined" if security_options.allows_everything(asked.seccomp) else "custom"
    elif privileged:
        profile = "unconfined"
    else:
        profile = {"default": "default", "builtin": "default", "": "default", "unconfined": "unconfined"}.get(
            daemon, "custom"
        )
    # Whatever was promised: without a filter on its first process a container is not confined.
    return {"seccomp": "unconfined" if live and live.seccomp == 0 else profile}


def _apparmor(
    container: Mapping[str, Any],
    asked: SecurityOptions,
    privileged: bool,
    around: Surroundings,
    live: LiveProcess | None,
) -> Facts:
    available = "apparmor" in around.security
    profile = str(container.get("AppArmorProfile") or asked.apparmor or ("unconfined" if privileged else ""))
    if available and live and live.label:
        profile = live.label  # such as "docker-default (enforce)"
    off = profile.startswith("unconfined") or profile.endswith("(complain)")
    return {"apparmor_available": available, "apparmor_profile": profile, "apparmor_confined": available and not off}


def _selinux(container: Mapping[str, Any], asked: SecurityOptions, around: Surroundings) -> Facts:
    enabled = "selinux" in around.security
    return {
        "selinux_available": enabled or around.selinux_kernel,
        "selinux_confined": enabled and bool(container.get("ProcessLabel")) and not asked.selinux_disabled,
        "selinux_label": str(container.get("ProcessLabel") or ""),
    }
