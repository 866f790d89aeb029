# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of incident_timeline: from the options of the module to its result and the files."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.gathering import timeline
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.selection import (
    Selection,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.source import (
    DOCKER,
    TYPES,
    Source,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.writing import WRITERS

Spec = dict[str, dict[str, Any]]
_SUMMARY = ("first", "last", "severities", "repeated", "left_out", "sources")


def argument_spec() -> Spec:
    """The options; the module's DOCUMENTATION describes them."""
    source: Spec = {
        "type": {"type": "str", "choices": list(TYPES), "required": True},
        "paths": {"type": "list", "elements": "path", "default": []},
        "docker_host": {"type": "str"},
        "clock_ahead": {"type": "float", "default": 0.0},
        "name": {"type": "str"},
    }
    output: Spec = {
        "format": {"type": "str", "choices": sorted(WRITERS), "required": True},
        "path": {"type": "path", "required": True},
    }
    return {
        "sources": {"type": "list", "elements": "dict", "required": True, "options": source},
        "since": {"type": "str"},
        "until": {"type": "str"},
        **{
            name: {"type": "list", "elements": "str", "default": []}
            for name in ("namespaces", "pods", "pod_uids", "containers")
        },
        "routine": {"type": "bool", "default": False},
        "max_events": {"type": "int", "default": 20000},
        "title": {"type": "str", "default": "Incident timeline"},
        "outputs": {"type": "list", "elements": "dict", "default": [], "options": output},
        "timeout": {"type": "float", "default": 30.0},
    }


def run(params: Mapping[str, Any], *, check: bool) -> dict[str, Any]:
    """The module's result, with `warnings`. Raises ForensicsError, DockerError."""
    if params["max_events"] < 1:
        raise ForensicsError("max_events must be more than 0")
    sources = _sources(params["sources"])
    found = {"title": params["title"], **timeline(sources, _selection(params), params["max_events"], params["timeout"])}
    written = [
        output["path"]
        for output in params["outputs"]
        if _write(output["path"], WRITERS[output["format"]](found).encode("utf-8", "replace"), check)
    ]
    result: dict[str, Any] = {
        "changed": bool(written),
        "summary": {"events": len(found["events"]), **{name: found[name] for name in _SUMMARY}},
        "subjects": found["subjects"],
        "written": written,
        "warnings": list(_warnings(found)),
    }
    return result if params["outputs"] else {**result, "events": found["events"]}


def _warnings(found: Mapping[str, Any]) -> list[str]:
    said = [
        f"Lines of {source['name']} that are no events: {source['malformed']}. The first is {source['first_malformed']}"
        for source in found["sources"]
        if source["malformed"]
    ]
    if found["left_out"]:
        said.append(f"Earlier events are left out: {found['left_out']}. Narrow the selection, or raise max_events")
    return said


def _sources(given: list[Mapping[str, Any]]) -> list[Source]:
    found: list[Source] = []
    for number, row in enumerate(given):
        where = f"sources[{number}]"
        if row["docker_host"] and row["type"] != DOCKER:
            raise ForensicsError(f"{where}: docker_host goes with type {DOCKER}")
        if not row["paths"] and not row["docker_host"]:
            raise ForensicsError(f"{where} names nothing to read: give paths")
        name = row["name"] or row["type"]
        if name in (source.name for source in found):
            raise ForensicsError(f"{where}: there is a source {name!r} before it, give name")
        ahead = int(row["clock_ahead"] * moment.SECOND)
        found.append(Source(row["type"], name, row["paths"], row["docker_host"] or "", ahead))
    if not found:
        raise ForensicsError("sources is empty: name what to read")
    return found


def _selection(params: Mapping[str, Any]) -> Selection:
    since = _moment(params, "since") if params["since"] else 0
    # An engine that is not told an end goes on telling for ever.
    until = _moment(params, "until") if params["until"] else time.time_ns()
    if since > until:
        raise ForensicsError(f"since is {params['since']}, and that is after until")
    return Selection(
        since,
        until,
        namespaces=frozenset(params["namespaces"]),
        pods=frozenset(params["pods"]),
        pod_uids=frozenset(params["pod_uids"]),
        containers=frozenset(params["containers"]),
        routine=params["routine"],
    )


def _moment(params: Mapping[str, Any], name: str) -> int:
    try:
        return moment.parse(params[name])
    except ValueError as exc:
        raise ForensicsError(f"{name}: {exc}") from exc


def _write(path: str, content: bytes, check: bool) -> bool:
    """Put the content in place in one step; whether it is another one than before."""
    folder = os.path.dirname(path) or "."
    try:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                if file.read() == content:
                    return False
        if not os.path.isdir(folder):
            raise ForensicsError(f"{path} cannot be written: there is no folder {folder}")
        if not check:
            _replace(folder, path, content)
    except OSError as exc:
        raise ForensicsError(f"{path} cannot be written: {exc.strerror or exc}") from exc
    return True


def _replace(folder: str, path: str, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".timeline-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
