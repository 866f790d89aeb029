# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CEL library says to expressions over a pod."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import celpy
from celpy import celtypes

_ENVIRONMENT = celpy.Environment()


@functools.cache
def _program(expression: str) -> Any:
    return _ENVIRONMENT.program(_ENVIRONMENT.compile(expression))


def holds(expression: str, pod: Mapping[str, Any], variables: Mapping[str, str]) -> bool:
    """Whether the expression is true of the pod, with variables as a ValidatingAdmissionPolicy declares them."""
    given: dict[str, Any] = {"object": celpy.json_to_cel(_as_stored(pod))}
    given["variables"] = celtypes.MapType(
        {celtypes.StringType(name): _program(value).evaluate(given) for name, value in variables.items()}
    )
    return bool(_program(expression).evaluate(given))


def _as_stored(thing: Any) -> Any:
    """As admission sees it: a volume without a source is an emptyDir, and what is null is not there."""
    if isinstance(thing, list):
        return [_as_stored(item) for item in thing]
    if not isinstance(thing, Mapping):
        return thing
    found = {key: _as_stored(value) for key, value in thing.items() if value is not None}
    if "volumes" in found:
        found["volumes"] = [{**one, "emptyDir": {}} if set(one) == {"name"} else one for one in found["volumes"]]
    return found
