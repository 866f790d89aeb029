# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback that records what a run did, for tests, beside what a person sees on the screen."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lab_record
type: notification
short_description: Record a playbook run as JSON for the lab's tests
description:
  - Writes one JSON document at the end of the run, to the file that E(BULKHEAD_LAB_RECORD) names.
"""


def _name(task: Any) -> str:
    """As it stands in the playbook; an included role knows no other name."""
    return str(task.get_name()) if task.action.endswith("include_role") else str(task.get_name(include_role_fqcn=False))


class CallbackModule(CallbackBase):
    """Collects {tasks: [{task, role, action, host, status, seconds, result}], stats, custom}."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "lab_record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._tasks: list[dict[str, Any]] = []
        self._began = 0.0

    def _record(self, status: str, event: Any) -> None:
        # ansible-core 2.20 gives these attributes public names.
        task = getattr(event, "task", None) or event._task
        host = getattr(event, "host", None) or event._host
        result = getattr(event, "result", None) or event._result
        role = getattr(task, "_role", None)
        self._tasks.append(
            {
                "task": _name(task),
                "role": role.get_name() if role else None,
                "action": str(task.action),
                "host": host.get_name(),
                "status": status,
                "seconds": time.monotonic() - self._began,
                "result": result,
            }
        )

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._began = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        document = {
            "tasks": self._tasks,
            "stats": {host: stats.summarize(host) for host in sorted(stats.processed)},
            "custom": stats.custom,
        }
        Path(os.environ["BULKHEAD_LAB_RECORD"]).write_text(json.dumps(document, default=str))
