# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the process behind a socket is the daemon that answers there, or only passes on what another one says.

A socket may be served by a proxy, by `ssh -L`, by socat: then its process, its files and its host are not the daemon's,
and whatever they tell would be told of the wrong one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


def refuse_proxy(process: DaemonProcess, info: Mapping[str, Any], docker_host: str) -> None:
    """Raise DockerError unless the process is the daemon that answered `info` (GET /info).

    What is changed through a proxy would be the file and the process of the wrong host.
    """
    if not holds_data_root(process, str(info.get("DockerRootDir"))):
        raise DockerError(
            f"{docker_host} is served by process {process.pid} ({process.exe or process.argv[0]}), which is not the "
            "daemon but passes on what another one says: run on the daemon's own host, and name its own socket"
        )


def holds_data_root(process: DaemonProcess, data_root: str) -> bool:
    """Whether the process has files open below the data root that the engine names (GET /info, DockerRootDir).

    Every dockerd has: the databases of its volumes and its build cache. No where its open files may not be seen.
    """
    folder = f"{process.proc}/{process.pid}/fd"
    roots = {data_root.rstrip("/") + "/", os.path.realpath(process.path(data_root)).rstrip("/") + "/"}
    try:
        names = sorted(os.listdir(folder), key=int)
    except OSError:
        return False
    return any(_link(f"{folder}/{name}").startswith(tuple(roots)) for name in names)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
