# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subjects of image_audit: each image that runs, beside what was decided about its content. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.decisions import (
    Approvals,
    Verdict,
    Verdicts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.running import Row

SCHEMA_VERSION = "1.0"
Facts = dict[str, Any]

# Python before 3.11 reads no more than six digits of a second.
_FINE_FRACTION = re.compile(r"(\.\d{6})\d+")
_UNDATED = "The evaluation does not say when it was made."


def snapshot(rows: Iterable[Row], verdicts: Verdicts, approvals: Approvals | None, now: datetime) -> dict[str, Any]:
    """The snapshot that the controls judge. Without approvals the question for them is not asked (`approved_known`)."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "images",
        "collected_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "subjects": {"running_image": [_facts(row, verdicts, approvals, now) for row in rows]},
    }


def _facts(row: Row, verdicts: Verdicts, approvals: Approvals | None, now: datetime) -> Facts:
    contents = row["digests"] or row["image_ids"]
    found = [verdicts.of(row["name"], [content]) for content in contents]
    # Under one name two contents may run: what holds for the image is what holds for the worst of them.
    unscanned = [content for content, verdict in zip(contents, found) if verdict is None]
    known = [verdict for verdict in found if verdict is not None]
    unknown: dict[str, str] = {}
    facts: Facts = {
        "subject": {"kind": "image", "name": row["name"]},
        "unknown": unknown,
        "digests": row["digests"],
        "identified": bool(row["digests"]),
        "used_by": row["used_by"],
        "users": row["users"],
        "scanned": bool(known),
        "unscanned": unscanned or ([] if contents else ["unknown"]),
        "denied": sorted({_content(verdict) for verdict in known if verdict.action == "stop"}),
        "warned": sorted({_content(verdict) for verdict in known if verdict.action == "warn"}),
        "reasons": [reason for verdict in known for reason in verdict.reasons][:5],
        **_approval(row, approvals),
    }
    if known:
        _add_age(facts, known, now)
    return facts


def _content(verdict: Verdict) -> str:
    return verdict.digest or verdict.image_id


def _approval(row: Row, approvals: Approvals | None) -> Facts:
    if approvals is None:
        return {"approvals": False, "approved": [], "unapproved": []}
    approved = approvals.digests(row["name"]) or []
    # What was never in a registry has no digest, and nobody can have approved it by one.
    contents = row["digests"] or row["image_ids"] or ["unknown"]
    unapproved = [content for content in contents if content not in approved]
    return {"approvals": True, "approved": approved, "unapproved": unapproved}


def _add_age(facts: Facts, known: list[Verdict], now: datetime) -> None:
    """`evaluated_days`, of the oldest of the verdicts."""
    ages = [_days(verdict.evaluated_at, now) for verdict in known]
    dated = [age for age in ages if age is not None]
    if len(dated) < len(ages):
        facts["unknown"]["evaluated_days"] = _UNDATED
    else:
        facts["evaluated_days"] = max(dated)


def _days(stamp: str, now: datetime) -> float | None:
    try:
        made = datetime.fromisoformat(_FINE_FRACTION.sub(r"\1", stamp.replace("Z", "+00:00")))
    except ValueError:
        return None
    made = made if made.tzinfo else made.replace(tzinfo=timezone.utc)
    return round((now - made).total_seconds() / 86400, 2)
