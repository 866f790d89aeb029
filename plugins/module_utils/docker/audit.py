# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of docker_audit: choose the controls, get a snapshot, evaluate, and put the answer together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import (
    Control,
    ControlError,
    control_from,
    merge,
    override,
    select,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import (
    compile_controls,
    evaluate,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import BENCHMARK
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import (
    DOCKER_CONTROLS,
    DOCKER_SCOPES,
    as_configured,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.snapshot import (
    SCHEMA_VERSION,
    Wanted,
    collect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import connect

Params = Mapping[str, Any]


def audit(params: Params) -> dict[str, Any]:
    """What the module returns. Raises ControlError for unusable options, DockerError for an unreachable engine."""
    controls = chosen_controls(params)
    snapshot, requests = _snapshot(params, controls)
    target = params.get("target") or _host_name(snapshot)
    verdict = evaluate(snapshot, controls, target, include_passes=bool(params.get("include_passes")))
    result = {
        "findings": verdict.findings,
        "summary": {**verdict.summary, "controls": len(controls)},
        "controls": sorted(control.id for control in controls),
        "collected_at": snapshot["collected_at"],
        "versions": snapshot.get("versions") or {},
        "target": target,
        "requests": requests,
    }
    return {**result, "snapshot": snapshot} if params.get("include_snapshot") else result


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    own = [control_from(_given(row), DOCKER_SCOPES) for row in params.get("controls") or ()]
    ours = as_configured(
        DOCKER_CONTROLS,
        allowed_registries=params.get("allowed_registries") or (),
        list_setuid=bool(params.get("list_setuid")),
    )
    controls = override(merge(ours, own), _thresholds(params), DOCKER_SCOPES)
    controls = override(controls, params.get("overrides") or {}, DOCKER_SCOPES)
    version = params.get("benchmark_version")
    benchmark = params.get("benchmark") or (BENCHMARK if version or params.get("sections") else None)
    chosen = select(
        controls,
        benchmark=benchmark,
        version=version,
        sections=params.get("sections") or (),
        include=params.get("select") or (),
        exclude=params.get("skip") or (),
    )
    if not chosen:
        raise ControlError("No control is left: what select and sections choose, skip takes away")
    compile_controls(chosen)
    return chosen


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _thresholds(params: Params) -> dict[str, dict[str, Any]]:
    """Options that are an expectation by a name that is easier to remember."""
    limits = {
        "docker.image.age": params.get("image_max_age_days"),
        "docker.host.image_sprawl": params.get("max_unused_images"),
        "docker.host.container_sprawl": params.get("max_stopped_containers"),
    }
    for name, limit in limits.items():
        if limit is not None and limit < 0:
            raise ControlError(f"{name}: the limit must not be negative, and it is {limit}")
    changes: dict[str, dict[str, Any]] = {
        name: {"expected": {"at_most": limit}} for name, limit in limits.items() if limit is not None
    }
    users: Sequence[str] | None = params.get("trusted_users")
    if users is not None:
        changes["docker.host.trusted_users"] = {"expected": {"subset_of": list(users)}}
    return changes


def _snapshot(params: Params, controls: Sequence[Control]) -> tuple[Mapping[str, Any], int]:
    stored = params.get("snapshot")
    if stored is None and params.get("snapshot_path"):
        stored = _read(str(params["snapshot_path"]))
    if stored is not None:
        return _checked(stored), 0
    engine = connect(params)
    try:
        wanted = Wanted(
            scopes=None if params.get("include_snapshot") else frozenset(control.scope for control in controls),
            pidfile=params.get("pidfile"),
            declared=params.get("declared"),
            list_setuid=bool(params.get("list_setuid")),
        )
        return collect(engine, wanted), engine.requests
    finally:
        engine.close()


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as exc:
        raise ControlError(f"snapshot_path: {path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ControlError(f"snapshot_path: {path} is not JSON: {exc}") from exc


def _checked(stored: Any) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping) or stored.get("kind") != "docker" or not _are_subjects(stored):
        raise ControlError(
            "snapshot: this is no snapshot of docker_audit; take what include_snapshot returned, unchanged"
        )
    if str(stored.get("schema_version", "")).split(".", maxsplit=1)[0] != SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        raise ControlError(f"snapshot: version {stored.get('schema_version')!r} is not one that can be judged here")
    return {"collected_at": "", **stored}


def _are_subjects(stored: Mapping[str, Any]) -> bool:
    """Whether `subjects` are lists by scope, of subjects with a kind and a name, and `errors` are sentences."""
    subjects, errors = stored.get("subjects"), stored.get("errors") or {}
    if not isinstance(subjects, Mapping) or not isinstance(errors, Mapping):
        return False
    return all(isinstance(rows, list) and all(map(_is_subject, rows)) for rows in subjects.values())


def _is_subject(row: Any) -> bool:
    if not isinstance(row, Mapping) or not isinstance(row.get("unknown") or {}, Mapping):
        return False
    identity = row.get("subject")
    return isinstance(identity, Mapping) and all(isinstance(identity.get(key), str) for key in ("kind", "name"))


def _host_name(snapshot: Mapping[str, Any]) -> str:
    hosts = snapshot["subjects"].get("host") or ()
    return str(hosts[0]["subject"]["name"]) if hosts else str(snapshot.get("host") or "localhost")
