# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of policies as an engine itself tells it (`GET /system/policy_spec`)."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    ENGINE_1_1_0,
    TEXT,
    ParameterSpec,
    Specification,
    TriggerSpec,
)


class SpecificationError(Exception):
    """The engine's answer describes no gates."""


def specification_from(value: object) -> Specification:
    """The gates of the answer, without those that the engine has given up. Raises SpecificationError."""
    gates = {str(gate["name"]).lower(): _triggers(gate) for gate in _named(value) if gate.get("state") != "eol"}
    if not gates:
        raise SpecificationError("/system/policy_spec: the engine names no gate")
    return gates


def _triggers(gate: dict[str, Any]) -> dict[str, TriggerSpec]:
    name = str(gate["name"]).lower()
    found = [_trigger(name, each) for each in _named(gate.get("triggers")) if each.get("state") != "eol"]
    return {trigger.name: trigger for trigger in found}


def _trigger(gate: str, value: dict[str, Any]) -> TriggerSpec:
    # The answer holds neither aliases nor which text is a regular expression, so that our table says it.
    known = ENGINE_1_1_0.get(gate, {}).get(str(value["name"]).lower())
    parameters = tuple(_parameter(each, known) for each in _named(value.get("parameters")))
    return TriggerSpec(str(value["name"]).lower(), parameters, known.aliases if known else ())


def _parameter(value: dict[str, Any], trigger: TriggerSpec | None) -> ParameterSpec:
    name = str(value["name"]).lower()
    known = trigger.parameter(name) if trigger else None
    schema = value.get("validator")
    schema = schema if isinstance(schema, dict) else {}
    choices = schema.get("enum")
    choices = tuple(str(each) for each in choices) if isinstance(choices, list) else ()
    return ParameterSpec(
        name,
        required=value.get("required") is True,
        pattern=_pattern(schema.get("pattern"), known),
        choices=choices,
        ignore_case=set(choices) == {"true", "false"},
        is_regex=known.is_regex if known else False,
        aliases=known.aliases if known else (),
    )


def _pattern(pattern: object, known: ParameterSpec | None) -> str:
    """Ours where there is one: the engine's backtrack for a long time on texts that do not match."""
    if known is not None:
        return known.pattern
    try:
        return re.compile(str(pattern)).pattern if pattern else TEXT
    except re.error:
        return TEXT


def _named(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict) and each.get("name")] if isinstance(value, list) else []
