# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's answer to a policy check, typed, and held against what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    ACTIONS,
    GO,
    STOP,
    Evaluation,
    Reason,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

Object = Mapping[str, Any]

_CELLS = ("Gate", "Trigger", "Trigger_Id", "Check_Output", "Gate_Action")


def evaluation_from(answer: Any, reference: str, digest: str) -> Evaluation:
    """The newest evaluation in GET /images/{digest}/check?detail=true: [{digest: {tag: [{detail, status, …}]}}].

    Raises ScannerError: wrong_digest where the engine speaks of another content, not_analysed where it has none.
    """
    rows = answer if isinstance(answer, list) else [answer]
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise _invalid(reference, "no evaluation is in it")
    by_digest: dict[str, Any] = {str(name): tags for row in rows for name, tags in row.items()}
    if digest not in by_digest:
        told = ", ".join(sorted(by_digest))[:100] or "nothing"
        raise ScannerError("wrong_digest", f"{reference}: {digest} was asked for, and Anchore told of {told}")
    tags = by_digest[digest]
    wanted = canonical(reference)
    lists = [found for tag, found in tags.items() if canonical(str(tag)) == wanted] if isinstance(tags, Mapping) else []
    if not lists:
        raise _invalid(reference, "it is about another tag")
    if not isinstance(lists[0], list) or not lists[0]:
        raise ScannerError("not_analysed", f"{reference}: Anchore has no evaluation of {digest}")
    newest = max((row for row in lists[0] if isinstance(row, Mapping)), key=_moment, default={})
    return _evaluation(newest, reference, digest)


def canonical(reference: str) -> str:
    """A tag as Docker completes it: the engine knows docker.io/nginx:1 and docker.io/library/nginx:1 as two."""
    read = image_reference.parse(reference)
    return f"{read.name}:{read.tag}" if read.tag else f"{read.name}@{read.digest}"


def _moment(row: Object) -> str:
    return str(row.get("last_evaluation") or "")


def _evaluation(row: Object, reference: str, digest: str) -> Evaluation:
    status = str(row.get("status") or "").lower()
    if status not in ("pass", "fail"):
        raise _invalid(reference, f"its status is {status or 'missing'}, and neither pass nor fail")
    result = _object(_object(row.get("detail")).get("result"))
    action = str(result.get("final_action") or ("stop" if status == "fail" else "go")).lower()
    # The two say the same thing; a server where they do not is not to be trusted.
    if action not in ACTIONS or (action == STOP) != (status == "fail"):
        raise _invalid(reference, f"it says {status} and {action} at once")
    return Evaluation(
        reference=reference,
        digest=digest,
        policy_id=str(row.get("policyId") or ""),
        action=action,
        reasons=tuple(_reasons(result, reference)),
        evaluated_at=_moment(row),
        why=str(result.get("final_action_reason") or "policy_evaluation"),
    )


def _reasons(result: Object, reference: str) -> Iterator[Reason]:
    for image in _object(result.get("result")).values():
        table = _object(_object(image).get("result"))
        header = table.get("header") or []
        for cells in table.get("rows") or []:
            if not isinstance(header, list) or not isinstance(cells, list) or len(cells) != len(header):
                raise _invalid(reference, "its table of reasons is broken")
            yield _reason(dict(zip(map(str, header), cells)), reference)


def _reason(row: Object, reference: str) -> Reason:
    gate, trigger, trigger_id, message, action = (str(row.get(name) or "") for name in _CELLS)
    if action.lower() not in ACTIONS:
        raise _invalid(reference, f"a reason of it has the action {action[:20] or 'none'}")
    excuse = row.get("Whitelisted")
    excused = (
        str(excuse.get("whitelist_name") or excuse.get("whitelist_id") or "") if isinstance(excuse, Mapping) else ""
    )
    return Reason(gate, trigger, trigger_id, " ".join(message.split()), action.lower() or GO, excused)


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def _invalid(reference: str, fault: str) -> ScannerError:
    return ScannerError("invalid_answer", f"{reference}: the evaluation of Anchore cannot be used: {fault}")
