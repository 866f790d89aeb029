# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to the subscriptions of an engine, and doing it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records

TYPES = ("tag_update", "analysis_update", "policy_eval", "vuln_update")
_TAG = re.compile(r"(?=[^/]*[.:]|localhost/)[^/\s@]+/[^\s:@]+:[^\s/:@]+")

Object = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """What happens to one subscription: of one tag, of one type. `active` None is one that is not there."""

    key: str
    type: str
    action: str
    before: bool | None
    after: bool | None
    id: str = ""


def check(declared: Sequence[Mapping[str, Any]]) -> None:
    """Raises AnchoreError for subscriptions that cannot be meant."""
    seen: set[Key] = set()
    for row in declared:
        if not _TAG.fullmatch(row["key"]):
            fault = f"key: {row['key']!r} must be registry/repository:tag, such as docker.io/library/nginx:1.27"
            raise AnchoreError("usage", f"{fault}, as the engine names the image")
        if not row["types"]:
            raise AnchoreError("usage", f"types: {row['key']} names none of {', '.join(TYPES)}")
        for each in row["types"]:
            if (row["key"], each) in seen:
                raise AnchoreError("usage", f"subscriptions: {each} of {row['key']} is declared twice")
            seen.add((row["key"], each))


def survey(client: AnchoreClient) -> dict[Key, Object]:
    """The subscriptions that the engine has, in one request. Raises AnchoreError."""
    path = "/subscriptions"
    rows = records(client.get(path), path, "subscription_key", "subscription_type", "subscription_id")
    return {(row["subscription_key"], row["subscription_type"]): row for row in rows}


def plan(declared: Sequence[Mapping[str, Any]], stored: Mapping[Key, Object]) -> list[Step]:
    """One step for each tag and type."""
    return [_step(row, each, stored.get((row["key"], each))) for row in declared for each in row["types"]]


def _step(row: Mapping[str, Any], kind: str, record: Object | None) -> Step:
    before = None if record is None else record.get("active") is True
    after = None if row["state"] == "absent" else bool(row["active"])
    if before == after:
        action = "unchanged"
    elif before is None:
        action = "created"
    else:
        action = "deleted" if after is None else "changed"
    return Step(row["key"], kind, action, before, after, "" if record is None else str(record["subscription_id"]))


def carry_out(client: AnchoreClient, steps: list[Step]) -> None:
    """Write what changes. Raises AnchoreError."""
    for step in steps:
        if step.action == "created":
            _create(client, step)
        elif step.action == "changed":
            client.put(f"/subscriptions/{step.id}", {"active": step.after})
        elif step.action == "deleted":
            client.delete(f"/subscriptions/{step.id}")


def _create(client: AnchoreClient, step: Step) -> None:
    body = {"subscription_key": step.key, "subscription_type": step.type, "active": step.after}
    made = records(client.post("/subscriptions", body), "/subscriptions", "subscription_id")
    if not made:
        raise AnchoreError("invalid_answer", f"/subscriptions: the engine did not tell of {step.type} of {step.key}")
    # `active` stands in no contract of a new subscription, so that an engine may pass over it.
    if (made[0].get("active") is True) != step.after:
        client.put(f"/subscriptions/{made[0]['subscription_id']}", {"active": step.after})


def report(steps: list[Step]) -> list[Object]:
    """The steps as a module returns them."""
    return [{"key": step.key, "type": step.type, "action": step.action, "active": step.after is True} for step in steps]


def diff(steps: list[Step]) -> Object:
    """What Ansible shows of the steps that change something."""
    changes = [step for step in steps if step.action != "unchanged"]
    return {
        "before": {f"{step.key} {step.type}": _state(step.before) for step in changes},
        "after": {f"{step.key} {step.type}": _state(step.after) for step in changes},
    }


def _state(active: bool | None) -> str:
    return "absent" if active is None else "active" if active else "inactive"
