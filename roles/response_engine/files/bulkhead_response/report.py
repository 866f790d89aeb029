# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a notification tells: the alert, and what was done so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.step import Context

SCHEMA_VERSION = "1.0"
_ELLIPSIS = "…"


def report(alert: Alert, context: Context) -> dict[str, Any]:
    """{schema_version, alert, response}: plain data, ready for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "alert": alert_facts(alert),
        "response": {"rule": context.rule, "key": context.key, "dry_run": context.dry_run, "steps": steps(context)},
    }


def alert_facts(alert: Alert) -> dict[str, Any]:
    """All fields of an alert."""
    return {
        "id": alert.id,
        "rule": alert.rule,
        "priority": alert.priority,
        "source": alert.source,
        "tags": sorted(alert.tags),
        "time": alert.time,
        "hostname": alert.hostname,
        "output": alert.output,
        "fields": dict(alert.fields),
        "target": {name: value for name, value in asdict(alert.target).items() if value},
    }


def falco_form(alert: Alert) -> dict[str, Any]:
    """The alert as Falco would write it, with its id as falcosidekick has it."""
    facts = alert_facts(alert)
    plain = ("rule", "priority", "source", "tags", "time", "hostname", "output")
    return {"uuid": alert.id, **{name: facts[name] for name in plain}, "output_fields": facts["fields"]}


def steps(context: Context) -> list[dict[str, str]]:
    """The outcomes of the steps before this one."""
    so_far: Mapping[str, Any] = context.so_far or {}
    return [{"step": name, "status": outcome.status, "message": outcome.message} for name, outcome in so_far.items()]


def sentence(alert: Alert) -> str:
    """A line for a title: rule and target."""
    target = alert.target
    whom = f"{target.namespace}/{target.pod}" if target.pod else target.container or target.container_id
    return cut(f"{alert.rule}: {whom or alert.hostname or 'unknown target'}", 200)


def cut(text: str, length: int) -> str:
    """At most so many characters, with a sign where something is left out, and nothing that UTF-8 cannot hold."""
    shown = whole_characters(text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 1] + _ELLIPSIS


def whole_characters(text: str) -> str:
    """JSON can hold halves of characters, which no file and no mail can: they are shown as they stand in JSON."""
    return text.encode(errors="backslashreplace").decode()
