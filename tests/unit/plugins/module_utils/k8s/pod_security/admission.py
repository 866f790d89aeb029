# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ValidatingAdmissionPolicy at work, with a CEL library in the place of the API server's."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import celpy
from celpy import celtypes

_ENVIRONMENT = celpy.Environment()


@functools.cache
def program(expression: str) -> Any:
    """The compiled expression."""
    return _ENVIRONMENT.program(_ENVIRONMENT.compile(expression))


def refusals(
    policy: Mapping[str, Any],
    thing: Mapping[str, Any],
    *,
    old: Mapping[str, Any] | None = None,
    user: str = "somebody",
    groups: tuple[str, ...] = (),
) -> set[str] | None:
    """The messages of the validations that fail, None where a match condition leaves the object out.

    old: makes the request an update. Raises CELEvalError where an expression fails, as on a field that is not there.
    """
    request: dict[str, Any] = {
        "operation": "UPDATE" if old else "CREATE",
        "userInfo": {"username": user, "groups": list(groups)},
    }
    given: dict[str, Any] = {
        "object": celpy.json_to_cel(thing),
        "oldObject": celpy.json_to_cel(old),
        "request": celpy.json_to_cel(request),
    }
    spec = policy["spec"]
    if not all(program(each["expression"]).evaluate(given) for each in spec["matchConditions"]):
        return None
    variables = celtypes.MapType({})
    given["variables"] = variables
    for each in spec["variables"]:
        variables[celtypes.StringType(each["name"])] = program(each["expression"]).evaluate(given)
    return {each["message"] for each in spec["validations"] if not program(each["expression"]).evaluate(given)}
