# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subject of scope `host`: the machine below the daemon, who may use it, and what its kernel records."""

from __future__ import annotations

import grp
import os
import pwd
import re
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.audit_rules import audit_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import DaemonPaths
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import group_name, user_name
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.mount_table import (
    has_own_filesystem,
    mount_of,
    parse_mountinfo,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.posix_acl import Grant, grants

Facts = dict[str, Any]

EVERYONE = "(everyone)"


def collect_host(engine: Engine, process: DaemonProcess | None, view: DaemonView | None = None) -> list[Facts]:
    """One subject: {engine_version, data_root, socket_groups, socket_users, audit_*}; see the functions below.

    What needs the daemon's process, or more rights, is `unknown` with the reason. Raises DockerError where the engine
    does not answer.
    """
    seen = view or view_daemon(engine, process)
    host: Facts = {
        "subject": {"kind": "host", "name": str(seen.info.get("Name") or "localhost")},
        "engine_version": seen.version,
        "unknown": {},
    }
    if seen.paths is None:
        needed = ("data_root", "socket_users", "audit_enabled", "audit_paths", "audit_watches", "audit_unsaved")
        host["unknown"] = dict.fromkeys(needed, seen.process_missing)
        return [host]
    for facts in (_data_root(seen, seen.paths), _socket_users(seen.paths), audit_facts(seen.paths)):
        host["unknown"].update(facts.pop("unknown", {}))
        host.update(facts)
    return [host]


def _data_root(view: DaemonView, paths: DaemonPaths) -> Facts:
    """{data_root: {path, separate, mount_point, source}}: `separate` where another filesystem is mounted there."""
    path = paths.files.real_path(str(view.info.get("DockerRootDir") or "/var/lib/docker"))
    if re.search(r"/\d+\.\d+$", path) and view.setting("userns-remap"):
        path = os.path.dirname(path)  # with a remapped root, Docker puts its files one folder deeper
    try:
        with open(f"{paths.process.proc}/{paths.process.pid}/mountinfo", encoding="utf-8") as file:
            mounts = parse_mountinfo(file.read())
    except OSError as exc:
        return {"unknown": {"data_root": f"the mounts of the daemon cannot be read: {exc.strerror}"}}
    mount = mount_of(path, mounts)
    return {
        "data_root": {
            "path": path,
            "separate": has_own_filesystem(path, mounts),
            "mount_point": mount.point if mount else None,
            "source": mount.source if mount else None,
        }
    }


def _socket_users(paths: DaemonPaths) -> Facts:
    """{socket_users, socket_groups}: who besides root may talk to the daemon through its sockets, and by which group.

    Whoever may is root on the host. A group's members are those of the user database, primary groups included.
    """
    users: set[str] = set()
    groups: dict[str, list[str]] = {}
    for path in paths.api_sockets():
        facts = paths.files.facts(path)
        if facts.get("type") != "socket":
            continue
        mode = int(facts["mode"], 8)
        listed = [grant for grant in grants(paths.files.here(facts["real_path"])) if grant.may_write]
        users |= {EVERYONE} if mode & 0o002 else set()
        users |= {user_name(uid) for uid in _users(facts["uid"], listed) if uid not in (0, paths.files.daemon_uid)}
        # Beside a list, the mode's group bits are its mask; the group may then get less, and never more.
        gids = {grant.number for grant in listed if grant.kind == "group"} | ({facts["gid"]} if mode & 0o020 else set())
        groups.update({group_name(gid): _members(gid, paths.files.daemon_uid) for gid in gids})
    users |= {member for members in groups.values() for member in members}
    return {"socket_users": sorted(users), "socket_groups": groups}


def _users(owner: int, listed: list[Grant]) -> set[int]:
    return {owner} | {grant.number for grant in listed if grant.kind == "user"}


def _members(gid: int, daemon_uid: int) -> list[str]:
    """The users of a group but for root and the daemon's own."""
    try:
        named = set(grp.getgrgid(gid).gr_mem)
    except KeyError:
        named = set()
    trusted = {0, daemon_uid}
    users = pwd.getpwall()
    named |= {user.pw_name for user in users if user.pw_gid == gid}
    return sorted(named - {user.pw_name for user in users if user.pw_uid in trusted})
