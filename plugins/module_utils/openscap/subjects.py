# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at: the host itself, and other roots on it, such as those of running containers."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError


@dataclass(frozen=True)
class Subject:
    """kind: host, container or root. name: "" for the host. root: its path on the host, "" for the host."""

    kind: str
    name: str = ""
    root: str = ""


def declared_roots(rows: Iterable[Mapping[str, Any]]) -> list[Subject]:
    """The roots that the option `roots` names. Raises OpenscapError."""
    return [Subject("root", row.get("name") or row["path"], _real(row["path"], "roots")) for row in rows]


def container_roots(engine: Engine, selectors: Sequence[str]) -> list[Subject]:
    """The roots of the running containers that selectors name. Raises OpenscapError and DockerError.

    selectors: names, ids of twelve digits or more, or patterns of names as of a shell. None selected is an error.
    """
    running = engine.get("/containers/json")
    found: dict[str, Subject] = {}
    for selector in selectors:
        fitting = [row for row in running if _selects(selector, row)]
        if not fitting:
            raise OpenscapError(f"containers: no running container is called {selector}")
        for row in fitting:
            found[row["Id"]] = _container(engine, row)
    return sorted(found.values(), key=lambda subject: subject.name)


def _name(row: Mapping[str, Any]) -> str:
    return str(min(row["Names"], key=len)).lstrip("/")


def _selects(selector: str, row: Mapping[str, Any]) -> bool:
    is_id = len(selector) >= 12 and row["Id"].startswith(selector)
    return is_id or fnmatch.fnmatchcase(_name(row), selector)


def _container(engine: Engine, row: Mapping[str, Any]) -> Subject:
    name = _name(row)
    driver = engine.get(f"/containers/{row['Id']}/json").get("GraphDriver") or {}
    merged = (driver.get("Data") or {}).get("MergedDir")
    if not merged:
        raise OpenscapError(
            f"containers: the root of {name} is nowhere on this host; its storage driver is"
            f" {driver.get('Name') or 'that of containerd'}, and overlay2 is needed"
        )
    return Subject("container", name, _real(merged, f"containers: the root of {name}"))


def _real(path: str, what: str) -> str:
    """A path without links to a folder that has something in it: an empty root would pass many a rule."""
    real = os.path.realpath(path)
    try:
        if not os.listdir(real):
            raise OpenscapError(f"{what}: {path} is empty")
    except OSError as exc:
        raise OpenscapError(f"{what}: {path} cannot be looked into: {exc.strerror}") from exc
    if real == "/":
        raise OpenscapError(f"{what}: {path} is the host itself, which the option host stands for")
    return real
