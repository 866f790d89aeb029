# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did to streams and consumers, for the result and for `--diff`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_plan import Step


def report(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """One entry a stream or consumer."""
    return [
        {
            "stream": step.stream,
            "consumer": step.consumer,
            "action": step.action,
            "fields": step.fields,
            "lost": step.lost,
        }
        for step in steps
    ]


def diff(steps: Sequence[Step]) -> list[dict[str, str]]:
    """The fields that change, a part for each stream and consumer."""
    return [
        {
            "before_header": step.title,
            "after_header": f"{step.title} ({step.action})",
            "before": "" if step.action == "created" else _text(step, "before"),
            "after": "" if step.action == "deleted" else _text(step, "after"),
        }
        for step in steps
        if step.changes
    ]


def _text(step: Step, side: str) -> str:
    if step.action == "deleted":
        return f"{step.lost} messages\n"
    return "".join(f"{change['path']}: {json.dumps(change[side])}\n" for change in step.fields)
