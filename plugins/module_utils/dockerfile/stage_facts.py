# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of stages and of the whole file: what the image is based on, as whom it runs, and how its health is asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stages import Stage, Stages
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.words import expand
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.image_reference import parse

_ROOT = frozenset(("root", "0", "containeradministrator", "administrator"))


def image_facts(reference: str) -> dict[str, Any]:
    """{reference, floating, pinned, sources} of an image that is not built here."""
    image = parse(reference)
    return {"reference": reference, "floating": image.floating, "pinned": image.pinned, "sources": [image.name]}


def taken_from(name: str, stages: Collection[str]) -> list[dict[str, Any]]:
    """Facts of the image that --from names; none where it is a stage, or a variable, whose value is not told here."""
    return [image_facts(name)] if name and "$" not in name and name.lower() not in stages else []


def stage_facts(stage: Stage) -> dict[str, Any]:
    """What it is FROM. `external`: an image that comes from somewhere; `base_unknown`: variables that nobody told."""
    external = stage.parent is None and stage.base.text != "scratch"
    known = external and not stage.base.unknown
    facts: dict[str, Any] = {
        "stage": stage.name or str(stage.index),
        "in_image": stage.in_image,
        "external": external,
        "base": stage.base.text,
        "base_known": known,
        "base_unknown": sorted(set(stage.base.unknown)) if external else [],
        "commands": _count(stage, "CMD"),
        "entrypoints": _count(stage, "ENTRYPOINT"),
        "healthchecks": _count(stage, "HEALTHCHECK"),
    }
    return {**facts, **image_facts(stage.base.text)} if known else facts


def _count(stage: Stage, keyword: str) -> int:
    return sum(row.keyword == keyword and not row.trigger for row, _values in stage.steps)


def file_facts(stages: Stages, escape: str) -> dict[str, Any]:
    """Of the image that is built: {user, user_set, user_root, user_line, healthcheck, stages}."""
    return {
        "stages": len(stages.stages),
        "target_stage": stages.target.name or str(stages.target.index),
        "healthcheck": _healthcheck(stages.target),
        "base": list(stages.target.chain())[-1].base.text,
        **_user(stages.target, escape),
    }


def _user(target: Stage, escape: str) -> dict[str, Any]:
    found = target.last("USER")
    if not found:
        base = list(target.chain())[-1].base.text
        # Images that say so in their tag bring a user of their own.
        return {"user": None, "user_set": "nonroot" in base.rpartition(":")[2], "user_root": False, "user_line": None}
    instruction, values = found
    user = expand(instruction.arguments, values, escape)
    facts: dict[str, Any] = {"user": user.text, "user_set": True, "user_line": instruction.line}
    if user.unknown:
        told = f"USER is {instruction.arguments}, and nobody tells {', '.join(user.unknown)}; give build_args"
        return {**facts, "unknown": {"user_root": told}}
    return {**facts, "user_root": user.text.partition(":")[0].strip().lower() in _ROOT}


def _healthcheck(target: Stage) -> str:
    found = target.last("HEALTHCHECK")
    if not found:
        return "missing"
    return "none" if found[0].arguments.strip().upper() == "NONE" else "command"
