# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-side apply of one object, and what a refusal means."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.managed_fields import latest_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import Member
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.redact import (
    without_secrets_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import (
    APPLY_PATCH,
    JSON,
    METADATA,
    Answer,
    Cluster,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

_CONFLICT = "FieldManagerConflict"
_MANAGER = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"')
# How the kinds say that a field is as it is for good.
_UNCHANGEABLE = (
    "immutable",
    "may not change",
    "may not be changed",
    "updates to statefulset spec",
    "cannot change roleRef",
)
# So often, and after a pause of seconds that doubles, an object is sent that another writer or controller was racing.
_ATTEMPTS, _FIRST_PAUSE = 7, 0.05
# How servers call a number where a text belongs, as in `pods: 20` of a quota before 1.21.
_NO_TEXT = re.compile(r"expected string, got &(?:value\.valueUnstructured)?\{(?:Value:)?([^{}]*)\}")
# A new namespace gets its account, and the account its token, a moment later; no pod is admitted before.
_ACCOUNT = re.compile(r"service ?account .*(?:not found|retry after the token)", re.IGNORECASE)


def server_side_apply(cluster: Cluster, member: Member, settings: Settings, *, dry_run: bool) -> Answer:
    """Send one object, again after a race that was lost. Raises ApiStatus or Unreachable.

    A dry run answers with the whole object, to be compared. Of a write, only the metadata are worth their way.
    """
    query = {
        "fieldManager": settings.field_manager,
        "force": settings.force_conflicts,
        "dryRun": "All" if dry_run else None,
    }
    accept = None if dry_run else f"{METADATA},{JSON}"
    for attempt in range(_ATTEMPTS):
        try:
            return cluster.send(
                "PATCH", member.path, member.desired, query=query, content_type=APPLY_PATCH, accept=accept
            )
        except ApiStatus as exc:
            if attempt == _ATTEMPTS - 1 or not _was_a_race(member, exc):
                raise
        time.sleep(_FIRST_PAUSE * 2**attempt)
    raise AssertionError("the last attempt either answers or raises")


def _was_a_race(member: Member, refusal: ApiStatus) -> bool:
    if refusal.status == 409:
        return not list(_conflicts(refusal))
    return member.kind == "Pod" and bool(_ACCOUNT.search(str(refusal)))


def explain(member: Member, refusal: ApiStatus) -> None:
    """Make a refusal the failure of its member, with who stands in the way of a conflict."""
    conflicts = [_conflict(member, cause) for cause in _conflicts(refusal)]
    if conflicts:
        member.fields = conflicts
        said = "; ".join(f"{field['path']} is set by {field['manager']}" for field in conflicts)
        member.fail(f"conflict: {said}. Take the fields out of the definition, or say force_conflicts: true")
    elif _immutable(refusal):
        said = ", ".join(_immutable(refusal))
        member.fail(f"{said} cannot be changed once it is made: keep the value, or delete the object yourself first")
    else:
        member.fail(without_secrets_of(member.desired, _said(refusal)))


def _said(refusal: ApiStatus) -> str:
    """The server's own words, or where it has none, those of the error; without the address of each object."""
    if refusal.status == 401 or not refusal.body.get("message"):
        return str(refusal)
    said = str(refusal).partition(": ")[2] or str(refusal)
    return _NO_TEXT.sub(r"expected a text, got \1, which goes into quotes", said)


def _conflicts(refusal: ApiStatus) -> Iterator[Mapping[str, Any]]:
    for cause in refusal.details.get("causes") or ():
        if isinstance(cause, Mapping) and cause.get("reason") == _CONFLICT:
            yield cause


def _conflict(member: Member, cause: Mapping[str, Any]) -> dict[str, Any]:
    match = _MANAGER.search(str(cause.get("message")))
    manager = match[1] if match else str(cause.get("message"))
    return {"path": str(cause.get("field")), **latest_of(member.live or {}, manager)}


def _immutable(refusal: ApiStatus) -> list[str]:
    if refusal.status != 422:
        return []
    causes = [cause for cause in refusal.details.get("causes") or () if isinstance(cause, Mapping)]
    return [
        str(cause.get("field")) for cause in causes if any(word in str(cause.get("message")) for word in _UNCHANGEABLE)
    ]
