# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configured step needs to be allowed at the API server, by the table in permissions.json.

A rule of the table: scope (namespace or cluster), api_groups, resources, verbs; and where only some uses of a step need
it, `when`: {"param": NAME, "default": VALUE}: it is needed where that parameter, or else the default, is true, not
empty and not 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "permissions.json"


def table() -> dict[str, list[dict[str, Any]]]:
    """{step: rules}. A step that is not in it needs nothing of an API server."""
    content: dict[str, list[dict[str, Any]]] = json.loads(_FILE.read_text())
    return content


def needed(step: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules that this step needs with these parameters, without `when`."""
    return [
        {key: value for key, value in rule.items() if key != "when"}
        for rule in table().get(step, [])
        if _applies(rule.get("when"), params)
    ]


def _applies(when: Mapping[str, Any] | None, params: Mapping[str, Any]) -> bool:
    if when is None:
        return True
    given = params.get(when["param"])
    return bool(when["default"] if given is None else given)
