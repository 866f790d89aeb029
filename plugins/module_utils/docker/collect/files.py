# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scope `file`: whatever the daemon is made of, with owner, mode and the part that it plays."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import Located
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles


def collect_files(
    engine: Engine, process: DaemonProcess | None, view: DaemonView | None = None
) -> list[dict[str, Any]]:
    """A subject a path: {subject, role, rootless, trusted_owner, path, real_path, exists, type, ownership, mode, …}.

    Roles are those of daemon_paths; a path of a role that does not exist is there with `exists` False. Raises
    DockerError where the daemon's process, from which all paths follow, is not to be found.
    """
    seen = view or view_daemon(engine, process)
    if seen.paths is None:
        raise DockerError(f"The daemon's files are not known: {seen.process_missing}")
    return [_subject(seen, located) for located in seen.paths.all()]


def _subject(view: DaemonView, located: Located) -> dict[str, Any]:
    files = HostFiles(view.process.root, view.process.uid) if view.process else HostFiles()
    facts = files.facts(located.path)
    trusted = {"trusted_owner": facts["uid"] in (0, files.daemon_uid)} if "uid" in facts else {}
    name = {"kind": "file", "name": located.path}
    return {"subject": name, "role": located.role, "rootless": view.rootless, **facts, **trusted}
