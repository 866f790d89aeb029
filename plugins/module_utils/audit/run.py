# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every audit module does with its options: choose controls, take a stored snapshot, put the answer together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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

Params = Mapping[str, Any]
Changes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Audited:
    """What is audited: `kind` and version of its snapshots, the module that takes them, its scopes and benchmark."""

    kind: str
    module: str
    schema_version: str
    scopes: Sequence[str]
    benchmark: str


def choose(params: Params, audited: Audited, controls: Iterable[Control], thresholds: Changes) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError.

    `thresholds` are options that are an expectation by a name that is easier to remember; overrides go before them.
    """
    own = [control_from(_given(row), audited.scopes) for row in params.get("controls") or ()]
    changed = override(merge(controls, own), thresholds, audited.scopes)
    changed = override(changed, params.get("overrides") or {}, audited.scopes)
    version = params.get("benchmark_version")
    implied = audited.benchmark if version or params.get("sections") else None
    chosen = select(
        changed,
        benchmark=params.get("benchmark") or implied,
        version=version,
        sections=params.get("sections") or (),
        include=params.get("select") or (),
        exclude=params.get("skip") or (),
    )
    if not chosen:
        raise ControlError("No control is left: what select and sections choose, skip takes away")
    compile_controls(chosen)
    return chosen


def at_most(limits: Mapping[str, int | None]) -> dict[str, dict[str, Any]]:
    """The thresholds for options that are the most there may be of something, by control; None is not set."""
    for name, limit in limits.items():
        if limit is not None and limit < 0:
            raise ControlError(f"{name}: the limit must not be negative, and it is {limit}")
    return {name: {"expected": {"at_most": limit}} for name, limit in limits.items() if limit is not None}


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def stored_snapshot(params: Params, audited: Audited) -> Mapping[str, Any] | None:
    """The snapshot that the options hand over, checked, or None where facts are to be collected."""
    stored = params.get("snapshot")
    if stored is None and params.get("snapshot_path"):
        stored = _read(str(params["snapshot_path"]))
    return None if stored is None else _checked(stored, audited)


def answer(
    params: Params, snapshot: Mapping[str, Any], controls: Sequence[Control], target: str, requests: int
) -> dict[str, Any]:
    """What an audit module returns of a snapshot that `controls` judge."""
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


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as exc:
        raise ControlError(f"snapshot_path: {path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ControlError(f"snapshot_path: {path} is not JSON: {exc}") from exc


def _checked(stored: Any, audited: Audited) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping) or stored.get("kind") != audited.kind or not _are_subjects(stored):
        raise ControlError(
            f"snapshot: this is no snapshot of {audited.module}; take what include_snapshot returned, unchanged"
        )
    major = audited.schema_version.split(".", maxsplit=1)[0]
    if str(stored.get("schema_version", "")).split(".", maxsplit=1)[0] != major:
        raise ControlError(f"snapshot: version {stored.get('schema_version')!r} is not one that can be judged here")
    return {"collected_at": "", **stored}


def _are_subjects(stored: Mapping[str, Any]) -> bool:
    """Whether `subjects` are lists by scope, of subjects with a kind and a name, and what is missing has reasons."""
    subjects = stored.get("subjects")
    reasons = all(isinstance(stored.get(part) or {}, Mapping) for part in ("errors", "unseen"))
    if not isinstance(subjects, Mapping) or not reasons:
        return False
    return all(isinstance(rows, list) and all(map(_is_subject, rows)) for rows in subjects.values())


def _is_subject(row: Any) -> bool:
    if not isinstance(row, Mapping) or not isinstance(row.get("unknown") or {}, Mapping):
        return False
    identity = row.get("subject")
    return isinstance(identity, Mapping) and all(isinstance(identity.get(key), str) for key in ("kind", "name"))
