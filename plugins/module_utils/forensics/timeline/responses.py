# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions of the response engine, one record each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
    key_of,
    mapping_of,
    text_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import without_secrets

_SEVERITIES = {
    **dict.fromkeys(("failed", "dead_letter"), "error"),
    **dict.fromkeys(("protected", "refused", "rate_limited"), "warning"),
    **dict.fromkeys(("acted", "dry_run"), "notice"),
}


def event_of(record: Mapping[str, Any], source: str) -> Event:
    """Raises ValueError where it is no decision."""
    status, alert, target = text_of(record, "status"), mapping_of(record, "alert"), mapping_of(record, "target")
    if not status or "alert" not in record:
        raise ValueError("it is no decision of the response engine")
    when = moment.parse(record.get("time"))
    steps = "; ".join(_steps(record))
    rule = text_of(record, "response_rule")
    return Event(
        time=when,
        source=source,
        kind=status,
        summary=f"{rule or 'no rule'}: {status}{f' ({steps})' if steps else ''}",
        key=text_of(record, "id") or key_of("response", when, rule, text_of(alert, "id")),
        severity=_SEVERITIES.get(status, "info"),
        about=Whereabouts(
            **{name: text_of(target, name) for name in ("namespace", "pod", "pod_uid", "container_id", "image", "node")}
        ),
        actor=text_of(record, "runner"),
        details={
            "alert": text_of(alert, "rule"),
            "alert_id": text_of(alert, "id"),
            "reason": without_secrets(text_of(record, "reason")),
            "attempt": text_of(record, "attempt"),
        },
        routine=status == "no_match",
    )


def _steps(record: Mapping[str, Any]) -> Iterator[str]:
    steps = record.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping):
            message = without_secrets(text_of(step, "message"))
            yield f"{text_of(step, 'step')} {text_of(step, 'status')}{f', {message}' if message else ''}"
