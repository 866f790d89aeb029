# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to the policy bundles of an engine, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.policy_declaration import Declared
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.canonical import (
    as_declared,
    document,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.live_specification import (
    SpecificationError,
    specification_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import (
    BundleError,
    bundle_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    Specification,
)

Record = Mapping[str, Any]
Object = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What happens to one bundle. `before` and `after` are {active, policybundle}, empty where there is none."""

    id: str
    action: str
    before: Object
    after: Object
    replaces: str = ""

    @property
    def changes(self) -> bool:
        """Whether the engine has to be told anything."""
        return self.action != "unchanged"


def engine_specification(client: AnchoreClient) -> Specification:
    """The language of policies that this engine knows. Raises AnchoreError."""
    try:
        return specification_from(client.get("/system/policy_spec"))
    except SpecificationError as exc:
        raise AnchoreError("invalid_answer", str(exc)) from exc


def survey(client: AnchoreClient) -> dict[str, Record]:
    """The bundles that the engine has, by id, in one request. Raises AnchoreError."""
    rows = records(client.get("/policies", {"detail": True}), "/policies", "policyId")
    return {row["policyId"]: row for row in rows}


def plan(declared: list[Declared], stored: Mapping[str, Record]) -> list[Step]:
    """One step for each declared bundle. Raises AnchoreError for what an engine does not do."""
    active = next((name for name, record in stored.items() if record.get("active") is True), "")
    activated = next((each.id for each in declared if each.active), "")
    for each in declared:
        unwanted = each.bundle is None or each.active is False
        if each.id == active and unwanted and not activated:
            wish = "deleted" if each.bundle is None else "made inactive"
            fault = f"{each.id} is the active bundle, and cannot be {wish}: activate another one in the same call"
            raise AnchoreError("usage", fault)
    return [_step(each, stored.get(each.id), active, activated) for each in declared]


def _step(declared: Declared, record: Record | None, active: str, activated: str) -> Step:
    after: Object = {}
    if declared.bundle is not None:
        stays = declared.id == active and not activated
        after = {"active": bool(declared.active) or stays, "policybundle": document(declared.bundle)}
    if record is None:
        before: Object = {}
    else:
        kept = as_declared(after.get("policybundle"), _document(record))
        before = {"active": record.get("active") is True, "policybundle": kept}
    replaces = active if declared.active and active != declared.id else ""
    return Step(declared.id, _action(before, after), before, after, replaces)


def _action(before: Object, after: Object) -> str:
    # A bundle that another one takes the place of becomes inactive by itself.
    if before == after or (before and after and {**before, "active": False} == after):
        return "unchanged"
    if not before:
        return "created"
    return "changed" if after else "deleted"


def _document(record: Record) -> Any:
    try:
        return document(bundle_from(record.get("policybundle")))
    except BundleError:
        # Whatever it is: it is not what is declared.
        return record.get("policybundle")


def carry_out(client: AnchoreClient, steps: list[Step]) -> None:
    """Write what changes, in the order that an engine can follow. Raises AnchoreError.

    The bundle that becomes active goes after all others, for writing the active one keeps it active; what shall be
    gone goes last, for by then it is not active any more.
    """
    written = [step for step in steps if step.changes and step.after]
    for step in sorted(written, key=lambda step: bool(step.after["active"])):
        if step.action == "created":
            client.post("/policies", step.after["policybundle"])
        if step.action == "changed" or step.after["active"]:
            _put(client, step)
    for step in steps:
        if step.action == "deleted":
            _delete(client, step.id)


def _put(client: AnchoreClient, step: Step) -> None:
    # While it is active the engine takes no record that says otherwise; the next one's activation does it.
    active = step.after["active"] or step.before.get("active", False)
    record = {"policyId": step.id, "active": active, "policybundle": step.after["policybundle"]}
    client.put(f"/policies/{step.id}", record, {"active": True} if active else None)


def _delete(client: AnchoreClient, name: str) -> None:
    try:
        client.delete(f"/policies/{name}")
    except AnchoreError as exc:
        if exc.kind != "not_found":
            raise


def report(steps: list[Step]) -> list[Object]:
    """The steps as a module returns them."""
    return [
        {
            "id": step.id,
            "action": step.action,
            "active": bool(step.after.get("active")),
            "replaces": step.replaces,
        }
        for step in steps
    ]


def diff(steps: list[Step]) -> list[Object]:
    """What Ansible shows of the steps that change something."""
    return [
        {"before": step.before, "after": step.after, "before_header": step.id, "after_header": step.id}
        for step in steps
        if step.changes
    ]
