# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the limits that containers had before we set ours, and what it takes to give them back."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits import (
    Limits,
    current_limits,
    pending,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.selection import Chosen
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.update import (
    Update,
    inspect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine

Record = dict[str, Any]


def remember(record: Record, updates: list[Update]) -> Record:
    """The record with what these updates replaced; a value that is ours already keeps the value it replaced."""
    kept = {container_id: dict(limits) for container_id, limits in record.items()}
    for update in updates:
        mine = kept.setdefault(update.container.id, {}) if update.changes and not update.error else {}
        for name, value in update.changes.items():
            ours = mine.get(name)
            before = ours["before"] if ours and ours["set"] == update.current[name] else update.current[name]
            mine[name] = {"before": before, "set": value}
    return kept


def forget(record: Record, updates: list[Update]) -> Record:
    """The record without the containers that were given their earlier limits back."""
    done = {update.container.id for update in updates if not update.error}
    return {container_id: limits for container_id, limits in record.items() if container_id not in done}


def recorded(engine: Engine, record: Record, selected: list[Chosen] | None) -> list[Chosen]:
    """The containers of the record that are still there, each wanting back the limits it had before.

    With `selected`, only those of them. A limit that someone has changed since is left as it is.
    """
    present = {one["Id"]: one for one in engine.get("/containers/json", all=True)}
    among = None if selected is None else {one.id for one in selected}
    chosen = []
    for container_id, limits in record.items():
        if container_id not in present or (among is not None and container_id not in among):
            continue
        name = next(iter(present[container_id].get("Names") or [container_id[:12]])).lstrip("/")
        one = Chosen(container_id, name, present[container_id].get("State", ""))
        one.wanted = {option: values["before"] for option, values in limits.items()}
        chosen.append(_still_ours(engine, one, {option: values["set"] for option, values in limits.items()}))
    return chosen


def lifted(engine: Engine, chosen: list[Chosen]) -> list[Chosen]:
    """The chosen, wanting no limit where they have exactly the one that is named."""
    for one in chosen:
        ours = one.wanted
        one.wanted = {name: "no" if name == "restart_policy" else None for name in ours}
        _still_ours(engine, one, ours)
    return chosen


def _still_ours(engine: Engine, one: Chosen, ours: Limits) -> Chosen:
    details = inspect(engine, one)
    current = current_limits(details["HostConfig"]) if details else {}
    others = pending(current, ours, 0) if details else ours
    one.wanted = {name: value for name, value in one.wanted.items() if name not in others}
    return one
