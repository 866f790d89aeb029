# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to the registries that an engine may pull from, and doing it. Passwords are told to nobody else.

An engine never tells a password, and takes no change of a registry without one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records

Object = dict[str, Any]
# Option → field of the API.
_FIELDS = {
    "name": "registry_name",
    "type": "registry_type",
    "username": "registry_user",
    "verify": "registry_verify",
}
_HIDDEN = "********"
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Step:
    """What happens to one registry. `body` is what is sent, with the password; `before` and `after` have none."""

    registry: str
    action: str
    before: Object
    after: Object
    body: Object
    validate: bool
    password_written: bool = False


def check(declared: Sequence[Mapping[str, Any]]) -> None:
    """Raises AnchoreError for registries that cannot be meant."""
    seen: set[str] = set()
    for row in declared:
        name = row["registry"]
        if "://" in name or name.endswith("/") or not name or name.startswith("/"):
            raise AnchoreError(
                "usage", f"registry: {name!r} must be host:port, without https:// and without / at the end"
            )
        if name in seen:
            raise AnchoreError("usage", f"registries: {name} is declared twice")
        seen.add(name)


def survey(client: AnchoreClient) -> dict[str, Object]:
    """The registries that the engine knows, in one request. Raises AnchoreError."""
    return {row["registry"]: row for row in records(client.get("/registries"), "/registries", "registry")}


def plan(declared: Sequence[Mapping[str, Any]], stored: Mapping[str, Object], update_password: str) -> list[Step]:
    """One step for each declared registry. Raises AnchoreError where a password is needed and not there."""
    return [_step(row, stored.get(row["registry"]), update_password == "always") for row in declared]


def _step(row: Mapping[str, Any], record: Object | None, anew: bool) -> Step:
    before = {} if record is None else {option: record.get(field) for option, field in _FIELDS.items()}
    if row["state"] == "absent":
        return Step(row["registry"], "unchanged" if record is None else "deleted", before, {}, {}, False)
    given = {option: row[option] for option in _FIELDS if row[option] is not None}
    after = {**_defaults(row["registry"]), **before, **given}
    action = _action(record, before, after, anew and bool(row["password"]))
    if action != "unchanged" and (not row["password"] or not after["username"]):
        wish = "made known to" if record is None else "changed in"
        fault = f"registry {row['registry']} cannot be {wish} the engine without username and password"
        raise AnchoreError("usage", fault)
    body = {"registry": row["registry"], **{field: after[option] for option, field in _FIELDS.items()}}
    body["registry_pass"] = row["password"]
    return Step(row["registry"], action, before, after, body, row["validate"], action != "unchanged")


def _defaults(registry: str) -> Object:
    return {"name": registry, "type": "docker_v2", "username": "", "verify": True}


def _action(record: Object | None, before: Object, after: Object, anew: bool) -> str:
    if record is None:
        return "created"
    return "changed" if anew or before != after else "unchanged"


def carry_out(client: AnchoreClient, steps: list[Step]) -> None:
    """Write what changes. Raises AnchoreError, whose text holds no password, whatever the engine said."""
    for step in steps:
        try:
            _write(client, step)
        except AnchoreError as exc:
            told = without_password(str(exc), step.body.get("registry_user"), step.body.get("registry_pass"))
            # The error of before is not chained: its text has not been cleaned.
            raise AnchoreError(exc.kind, f"registry {step.registry}: {told}", exc.status) from None


def _write(client: AnchoreClient, step: Step) -> None:
    path = f"/registries/{step.registry}"
    if step.action == "created":
        client.post("/registries", step.body, {"validate": step.validate})
    elif step.action == "changed":
        client.put(path, step.body, {"validate": step.validate})
    elif step.action == "deleted":
        client.delete(path)


def without_password(text: str, username: object, password: object) -> str:
    """A text of the engine without the password in any form that it is sent on in."""
    if not password:
        return text
    secret = str(password)
    token = base64.b64encode(f"{username}:{secret}".encode()).decode()
    escaped = secret.encode("unicode_escape").decode()
    for form in (token, secret, quote(secret, safe=""), quote(secret), escaped, repr(secret)[1:-1]):
        # In a message of one line, blanks may have become one.
        for written in (form, " ".join(form.split())):
            text = text.replace(written, _HIDDEN) if written else text
    # A long message has been cut before, and what the cut left of a password is not found.
    return text[:_LONGEST_MESSAGE]


def report(steps: list[Step]) -> list[Object]:
    """The steps as a module returns them."""
    return [
        {"registry": step.registry, "action": step.action, "password_written": step.password_written} for step in steps
    ]


def diff(steps: list[Step]) -> list[Object]:
    """What Ansible shows of the steps that change something: of a password, only that it is written."""
    return [
        {
            "before": _shown(step.before, "not shown"),
            "after": _shown(step.after, "written anew" if step.password_written else "not shown"),
            "before_header": step.registry,
            "after_header": step.registry,
        }
        for step in steps
        if step.action != "unchanged"
    ]


def _shown(state: Object, password: str) -> Object:
    return {**state, "password": password} if state else {}
