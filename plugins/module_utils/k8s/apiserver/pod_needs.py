# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a static pod needs besides flags: its files mounted, and probes that still work."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.declaration import (
    Declaration,
    DeclaredFile,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import (
    READ_PATHS,
    WRITTEN_PATHS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.static_pod import (
    Mount,
    StaticPod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import load_mapping

# Files that name further files, and under which keys.
_NAMING = frozenset({"admission-control-config-file", "authorization-config"})
_NAMING_KEYS = frozenset({"path", "kubeConfigFile"})


def mounts_needed(pod: StaticPod, declaration: Declaration, config_dir: str) -> list[Mount]:
    """The mounts without which the API server would not find a declared path."""
    found: dict[str, Mount] = {}
    for path, written in _paths(declaration):
        if pod.covers(path, written=written) or any(_below(path, mount) for mount in found.values()):
            continue
        mount = _mount_for(path, written, config_dir, {str(volume["name"]) for volume in pod.volumes})
        found[mount.path] = mount
    return list(found.values())


def _paths(declaration: Declaration) -> Iterator[tuple[str, bool]]:
    """(path, whether the API server writes it) of everything declared."""
    for name, values in declaration.flags.items():
        for path in values or ():
            if path.startswith("/") and (name in READ_PATHS or name in WRITTEN_PATHS):
                yield path, name in WRITTEN_PATHS
    for file in declaration.files:
        yield file.path, False
        if file.flag in _NAMING:
            for path in _named(load_mapping(file.text, file.path)):
                yield path, False


def _named(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _named(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif key in _NAMING_KEYS and str(value).startswith("/"):
        yield str(value)


def _below(path: str, mount: Mount) -> bool:
    return path == mount.path or path.startswith(mount.path.rstrip("/") + "/")


def _mount_for(path: str, written: bool, config_dir: str, taken: set[str]) -> Mount:
    if written:
        # A log is renamed when it is rotated, which needs its folder.
        return _named_mount(os.path.dirname(path), "DirectoryOrCreate", False, taken)
    if path.startswith(config_dir.rstrip("/") + "/"):
        return _named_mount(config_dir, "DirectoryOrCreate", True, taken)
    return _named_mount(path, "File", True, taken)


def _named_mount(path: str, kind: str, read_only: bool, taken: set[str]) -> Mount:
    stem = re.sub(r"[^a-z0-9]+", "-", os.path.basename(path.rstrip("/")).lower()).strip("-") or "files"
    name = "bulkhead" if stem == "bulkhead" else f"bulkhead-{stem[:40].rstrip('-')}"
    if name in taken:
        name = f"{name}-{hashlib.sha256(path.encode()).hexdigest()[:6]}"
    return Mount(name, path, kind, read_only)


def without_http(probes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The same probes, content with an open port: all that can be asked without credentials."""
    changed: dict[str, Any] = {}
    for key, probe in probes.items():
        asked = probe["httpGet"]
        socket = {name: asked[name] for name in ("host", "port") if name in asked}
        changed[key] = {"tcpSocket": socket, **{name: value for name, value in probe.items() if name != "httpGet"}}
    return changed


def mark_after(current: str | None, changed: Iterable[DeclaredFile]) -> str | None:
    """The annotation after these files changed, which the API server reads only once; as it is where none did.

    It follows from the one before, so that it is another one even where a file goes back to what it was. It is made of
    what may be shown, so that nothing can be told from it about a key.
    """
    files = sorted(changed, key=lambda file: file.path)
    if not files:
        return current
    content = "\0".join([current or "", *(f"{file.path}\0{file.telling}" for file in files)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
