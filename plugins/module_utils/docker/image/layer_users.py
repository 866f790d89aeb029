# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The uid that a user's name has in an image or a container that does not run, by its own /etc/passwd on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles


def uid_by_layers(user: str, inspected: Mapping[str, Any], files: HostFiles) -> int | None:
    """The uid of `name[:group]`, None where no layer can be read or tells it. `inspected`: an image or a container.

    The topmost /etc/passwd counts, as overlay2 would merge it; nothing is mounted or run.
    """
    driver = inspected.get("GraphDriver") or {}
    data = driver.get("Data") or {}
    if driver.get("Name") != "overlay2":
        return None
    layers = [data.get("UpperDir"), *str(data.get("LowerDir") or "").split(":")]
    for layer in filter(None, layers):
        path = files.here(os.path.join(layer, "etc", "passwd"))
        try:
            # A link would lead out of the layer; a device is overlay2's note that the file was deleted.
            if not stat.S_ISREG(os.lstat(path).st_mode):
                return None
            with open(path, encoding="utf-8", errors="replace") as file:
                return _uid(user.partition(":")[0], file.read())
        except OSError:
            continue
    return None


def _uid(name: str, passwd: str) -> int | None:
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) > 2 and fields[0] == name and fields[2].isdigit():
            return int(fields[2])
    return None
