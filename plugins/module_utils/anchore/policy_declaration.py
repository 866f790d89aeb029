# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy bundles that options declare, read and validated before an engine hears of any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Bundle
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import BundleError
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.problem import Problem
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    Specification,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.validate import (
    validate_document,
)


@dataclass(frozen=True)
class Declared:
    """One bundle as it shall be. `active` None leaves it as it is; `bundle` None is one that shall be gone."""

    id: str
    bundle: Bundle | None
    active: bool | None = None
    problems: tuple[Problem, ...] = ()


def declarations(params: Mapping[str, Any], specification: Specification) -> list[Declared]:
    """What the options declare, in their order. Raises AnchoreError for what cannot be meant."""
    rows = params["bundles"] or [params]
    declared = [_declared(row, specification) for row in rows]
    _check(declared)
    return declared


def _declared(row: Mapping[str, Any], specification: Specification) -> Declared:
    if row["state"] == "absent":
        if row["active"]:
            raise AnchoreError("usage", "active: a bundle that shall be gone cannot be the active one")
        return Declared(_checked_id(row["id"] or _id_of(_given(row))), None)
    value = _given(row)
    if value is None:
        raise AnchoreError("usage", "bundle: a bundle that shall be there is needed, or the path of one")
    source = row["path"] or "bundle"
    try:
        bundle, problems = validate_document(value, specification)
    except BundleError as exc:
        raise AnchoreError("usage", f"{source}: {exc}") from exc
    if row["id"] and row["id"] != bundle.id:
        raise AnchoreError("usage", f"id: is {row['id']}, and the bundle's own is {bundle.id}")
    return Declared(_checked_id(bundle.id), bundle, row["active"], tuple(problems))


def _given(row: Mapping[str, Any]) -> Any:
    if row["path"] is None:
        return row["bundle"]
    try:
        with open(row["path"], encoding="utf-8") as file:
            return json.load(file)
    except OSError as exc:
        raise AnchoreError("usage", f"path: {row['path']} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise AnchoreError("usage", f"path: {row['path']} is not JSON: {exc}") from exc


def _id_of(value: Any) -> str:
    return str(value.get("id") or "") if isinstance(value, Mapping) else ""


def _checked_id(name: str) -> str:
    if not name:
        raise AnchoreError("usage", "id: is needed to tell which bundle shall be gone")
    if "/" in name or "?" in name or name in (".", ".."):
        raise AnchoreError("usage", f"id: {name!r} cannot be part of the engine's addresses")
    return name


def _check(declared: list[Declared]) -> None:
    names = [each.id for each in declared]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AnchoreError("usage", f"bundles: {twice} is declared twice")
    active = [each.id for each in declared if each.active]
    if len(active) > 1:
        raise AnchoreError("usage", f"bundles: only one can be active, and {', '.join(active)} are declared to be")


def refusal(declared: list[Declared]) -> str:
    """Why the bundles cannot be sent: every error in one sentence, "" where there is none."""
    errors = [f"{each.id}: {problem}" for each in declared for problem in each.problems if problem.level == "error"]
    if not errors:
        return ""
    return (
        f"{len(errors)} error{'s' if len(errors) > 1 else ''} in policy bundles, nothing was sent: {'; '.join(errors)}"
    )
