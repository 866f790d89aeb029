# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring the limits of many containers to what is wanted: check everything first, then update each by its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits import (
    Limits,
    current_limits,
    pending,
    shown,
    update_body,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.selection import Chosen
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    EngineStatus,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.size_units import format_size

# The field of GET /info that says whether the kernel can enforce a limit.
_KERNEL_SUPPORT = {
    "memory": "MemoryLimit",
    "memory_reservation": "MemoryLimit",
    "memory_swap": "SwapLimit",
    "cpus": "CpuCfsQuota",
    "cpu_shares": "CPUShares",
    "cpuset_cpus": "CPUSet",
    "cpuset_mems": "CPUSet",
    "pids_limit": "PidsLimit",
}


@dataclass
class Update:
    """What one container has (`current`), what will change (`changes`), and the request that does it (`body`)."""

    container: Chosen
    current: Limits
    changes: Limits
    body: dict[str, Any]
    error: str | None = None

    def report(self) -> dict[str, Any]:
        """The entry of the module's return value `containers`."""
        before = {name: self.current[name] for name in self.changes}
        return {
            "name": self.container.name,
            "id": self.container.id,
            "state": self.container.state,
            "changed": bool(self.changes) and self.error is None,
            "before": shown(before),
            "after": shown(self.changes),
            **({"error": self.error} if self.error else {}),
        }


def unsupported(info: Mapping[str, Any], chosen: list[Chosen]) -> list[str]:
    """Take away from the chosen the limits that this host's kernel cannot enforce, and name them."""
    missing = sorted(name for name, key in _KERNEL_SUPPORT.items() if info.get(key) is False)
    asked = [name for name in missing if any(name in one.wanted for one in chosen)]
    for one in chosen:
        one.wanted = {name: value for name, value in one.wanted.items() if name not in missing}
    return asked


def inspect(engine: Engine, container: Chosen) -> dict[str, Any] | None:
    """The container as the engine describes it, None when it is gone since it was listed."""
    try:
        details: dict[str, Any] = engine.get(f"/containers/{container.id}/json")
    except EngineStatus as exc:
        if exc.status == 404:
            return None
        raise
    return details


def plan(engine: Engine, chosen: list[Chosen], info: Mapping[str, Any], *, force: bool) -> list[Update]:
    """The update of each container. Raises DockerError with every reason for which one would be refused or harmful."""
    updates: list[Update] = []
    problems: list[str] = []
    for container in chosen:
        details = inspect(engine, container)
        if details is None:
            continue
        update = _update(container, details, int(info.get("NCPU") or 1))
        problems += [f"{container.name}: {text}" for text in _problems(engine, update, details, info, force)]
        updates.append(update)
    if problems:
        raise DockerError("Nothing was changed. " + "; ".join(problems))
    return updates


def apply(engine: Engine, updates: list[Update], cpus: int) -> list[str]:
    """Make the changes, all that can be made; returns a sentence for each container that did not get its limits."""
    failures = []
    for update in updates:
        if not update.body:
            continue
        try:
            engine.post(f"/containers/{update.container.id}/update", update.body)
            update.error = _unverified(engine, update, cpus)
        except EngineStatus as exc:
            if exc.status == 404:
                # It was removed since it was listed, and there is nothing left to limit.
                update.changes = {}
                continue
            update.error = str(exc)
        if update.error:
            failures.append(f"{update.container.name}: {update.error}")
    return failures


def _update(container: Chosen, details: Mapping[str, Any], cpus: int) -> Update:
    host_config = details["HostConfig"]
    container.state = details["State"]["Status"]
    current = current_limits(host_config)
    changes = pending(current, container.wanted, cpus)
    return Update(container, current, changes, update_body(host_config, changes, cpus))


def _unverified(engine: Engine, update: Update, cpus: int) -> str | None:
    details = inspect(engine, update.container)
    if details is None:
        update.changes = {}
        return None
    left = pending(current_limits(details["HostConfig"]), update.changes, cpus)
    return f"the engine accepted the update but did not keep {', '.join(sorted(left))}" if left else None


def _problems(
    engine: Engine, update: Update, details: Mapping[str, Any], info: Mapping[str, Any], force: bool
) -> list[str]:
    changes = update.changes
    result = {**update.current, **changes}
    memory, cpus = result["memory"], int(info.get("NCPU") or 1)
    found = []
    if "memory_swap" in changes and result["memory_swap"] is not None and (memory or 2**63) > result["memory_swap"]:
        found.append(f"memory_swap {format_size(result['memory_swap'])} is less than memory {format_size(memory)}")
    if memory and (result["memory_reservation"] or 0) > memory and {"memory", "memory_reservation"} & set(changes):
        found.append(f"memory_reservation {format_size(result['memory_reservation'])} is more than its memory")
    if memory and "memory" in changes and memory < 6 * 1024**2:
        found.append("memory cannot be less than 6m")
    if (changes.get("cpus") or 0) > cpus:
        found.append(f"cpus {changes['cpus']:g} is more than the {cpus} of the host")
    if "restart_policy" in changes and details["HostConfig"].get("AutoRemove") and changes["restart_policy"] != "no":
        found.append("it was started with --rm, which excludes a restart_policy")
    return found + _too_much_in_use(engine, update, force)


def _too_much_in_use(engine: Engine, update: Update, force: bool) -> list[str]:
    limit = update.changes.get("memory")
    if limit is None or force or update.container.state not in ("running", "paused"):
        return []
    used = _memory_in_use(engine, update.container.id)
    if used <= limit:
        return []
    problem = (
        f"memory {format_size(limit)} is less than the {used // 1024**2 + 1}m it uses now, "
        "and the kernel would kill its processes; give it more, or set force"
    )
    return [problem]


def _memory_in_use(engine: Engine, container_id: str) -> int:
    """Bytes that the kernel cannot take back by dropping file caches."""
    memory = engine.get(f"/containers/{container_id}/stats", stream=False, **{"one-shot": True})["memory_stats"]
    stats = memory.get("stats") or {}
    caches = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    return max(int(memory.get("usage") or 0) - int(caches), 0)
