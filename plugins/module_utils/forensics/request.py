# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What evidence is asked for, checked before anything is read or written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.changed_files import Bounds
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError

CONTAINER_PARTS = ("processes", "sockets", "confinement", "stats", "inspect", "logs", "files", "image")
POD_PARTS = ("pod", "events", "owners", "node", "network_policies", "access", "logs")
PARTS = tuple(dict.fromkeys((*CONTAINER_PARTS, *POD_PARTS)))
CAPTURE_TOOLS = ("tcpdump", "sysdig")

_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_CONTAINER_ID = re.compile(r"[0-9a-f]{12,64}\Z")
_MEBIBYTE = 2**20
_BOUNDS = Bounds(500, 10 * _MEBIBYTE, 200 * _MEBIBYTE)


@dataclass(frozen=True)
class Capture:
    """A program that records what happens, for a time. `expression` is its filter."""

    tool: str
    seconds: float
    max_bytes: int
    expression: str = ""


@dataclass(frozen=True)
class Request:
    """How evidence is taken; sizes are bytes."""

    folder: str
    case: str
    parts: frozenset[str] = frozenset(PARTS)
    pause: bool = False
    keep_paused: bool = False
    log_lines: int = 10_000
    log_bytes: int = 50 * _MEBIBYTE
    bounds: Bounds = _BOUNDS
    min_free_bytes: int = 1024 * _MEBIBYTE
    capture: Capture | None = None
    pod_containers: bool = False
    reason: str = ""


def request_from(params: Mapping[str, Any]) -> Request:
    """Of the options of the module. Raises ForensicsError, with nothing done."""
    if not params.get("case"):
        raise ForensicsError("case is missing: evidence is kept under the name of a case, such as INC-2042")
    if not _CASE.match(params["case"]):
        raise ForensicsError(f"case {params['case']!r} is no name: letters, digits, '.', '_' and '-', 64 at most")
    for name in ("log_lines", "log_mb", "max_files", "max_file_mb", "max_files_mb", "min_free_mb"):
        if params[name] < 0:
            raise ForensicsError(f"{name} cannot be less than 0")
    if params["keep_paused"] and not params["pause"]:
        raise ForensicsError("keep_paused goes with pause")
    for number, entry in enumerate(params["containers"]):
        _check_container(entry, f"containers[{number}]")
    return Request(
        folder=params["folder"],
        case=params["case"],
        parts=frozenset(params["parts"] or PARTS),
        pause=params["pause"],
        keep_paused=params["keep_paused"],
        log_lines=params["log_lines"],
        log_bytes=params["log_mb"] * _MEBIBYTE,
        bounds=Bounds(params["max_files"], params["max_file_mb"] * _MEBIBYTE, params["max_files_mb"] * _MEBIBYTE),
        min_free_bytes=params["min_free_mb"] * _MEBIBYTE,
        capture=_capture(params),
        pod_containers=params["pod_containers"],
        reason=params.get("reason") or "",
    )


def _check_container(entry: Mapping[str, Any], where: str) -> None:
    if not entry.get("name") and not entry.get("id"):
        raise ForensicsError(f"{where} names no container: give name, id, or both")
    if entry.get("id") and not _CONTAINER_ID.match(entry["id"]):
        raise ForensicsError(f"{where}: id {entry['id']!r} is none: 12 to 64 hexadecimal digits")


def _capture(params: Mapping[str, Any]) -> Capture | None:
    given = params.get("capture")
    if not given:
        return None
    if params["keep_paused"]:
        raise ForensicsError("capture goes without keep_paused: a paused container does nothing that could be recorded")
    if not 0 < given["seconds"] <= 3600:
        raise ForensicsError("capture.seconds is more than 0 and 3600 at most")
    return Capture(given["tool"], given["seconds"], given["max_mb"] * _MEBIBYTE, given.get("filter") or "")
