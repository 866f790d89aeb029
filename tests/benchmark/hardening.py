# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many tasks of an unchanged hardening run need a module on the target: each costs a third of a second of CPU."""

from __future__ import annotations

from typing import Any

from tests.lab.ansible import run_playbook
from tests.lab.dockerd import Dockerd
from tests.lab.progress import step
from tests.lab.standing import inventory

# Actions that run on the controller and send nothing to the target.
_CONTROLLER_ACTIONS = {
    "add_host", "assert", "audit_report", "debug", "fail", "group_by", "import_role", "import_tasks", "include_role",
    "include_tasks", "include_vars", "meta", "pause", "set_fact", "set_stats", "validate_argument_spec",
}  # fmt: skip


def bench_hardening() -> dict[str, Any]:
    """{tasks, names, seconds, changed} of the second run of harden_docker.yml."""
    with Dockerd(bridge=True) as daemon:
        with step("first run"):
            run_playbook("harden_docker.yml", inventory=inventory(daemon)).check()
        with step("second run"):
            second = run_playbook("harden_docker.yml", inventory=inventory(daemon)).check()
    ran = [task for task in second.tasks if task["status"] != "skipped"]
    on_target = [task["task"] for task in ran if task["action"].rpartition(".")[2] not in _CONTROLLER_ACTIONS]
    changed = ", ".join(second.changed) or "nothing"
    print(f"  {len(on_target)} tasks with a module on the target, {second.seconds:.1f} s, changed: {changed}")
    return {"tasks": len(on_target), "names": on_target, "seconds": round(second.seconds, 2), "changed": second.changed}
