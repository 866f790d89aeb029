# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of its host a container may take: memory, swap, CPU, processes, files, restarts, log space."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import LiveProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Facts,
    Surroundings,
)

# The kernel's default, in microseconds, of the time that a quota is counted in.
_CPU_PERIOD = 100_000
# What an own ulimit may raise a limit to where the daemon has no default to compare with; a desktop needs less.
_CEILINGS = {"nofile": 65536, "nproc": 65536, "core": 0}
# Log drivers that write to the host's own disk, and so fill it where no size is set.
_LOCAL_FILES = ("json-file",)


def resource_facts(
    container: Mapping[str, Any], around: Surroundings, live: LiveProcess | None, unknown: dict[str, str]
) -> Facts:
    """Facts of one inspected container. Null stands for no limit; sizes are bytes."""
    host = container.get("HostConfig") or {}
    return {
        **_memory(host, int(around.info.get("MemTotal") or 0)),
        **_cpu(host, int(around.info.get("NCPU") or 0)),
        "pids_limit": host.get("PidsLimit") if (host.get("PidsLimit") or 0) > 0 else None,
        **_ulimits(host, around, unknown),
        **_restarts(host.get("RestartPolicy") or {}),
        **_log(host.get("LogConfig") or {}),
        "default_log_driver": around.info.get("LoggingDriver"),
        "outdated_defaults": _outdated(container, host, around, live),
    }


def _memory(host: Mapping[str, Any], total: int) -> Facts:
    """Limited where less than all of the host's memory is left; `total` is 0 where the engine does not tell it."""
    asked, both = host.get("Memory") or 0, host.get("MemorySwap") or 0
    memory = 0 if 0 < total <= asked else asked
    # Docker's own default, twice the memory, is written into MemorySwap; -1 is no limit, 0 only without memory limit.
    swap = max(both - memory, 0) if memory > 0 and both > 0 else None
    return {
        "memory_limit": memory if memory > 0 else None,
        "memory_settings": {"asked": asked, "host": total},
        "swap_limit": swap,
        "oom_killer_disabled": bool(host.get("OomKillDisable")),
        "oom_score_adjust": host.get("OomScoreAdj") or 0,
    }


def _cpu(host: Mapping[str, Any], cpus: int) -> Facts:
    """Limited by a quota below all CPUs, by CPUs of its own, or by a weight other than everybody's (1024)."""
    settings: dict[str, Any] = {
        "nano_cpus": host.get("NanoCpus") or 0,
        "cpu_quota": host.get("CpuQuota") or 0,
        "cpu_period": host.get("CpuPeriod") or 0,
        "cpu_shares": host.get("CpuShares") or 0,
        "cpuset_cpus": host.get("CpusetCpus") or "",
    }
    own_cpus = _count(settings["cpuset_cpus"])
    quota = settings["nano_cpus"] / 10**9 or settings["cpu_quota"] / (settings["cpu_period"] or _CPU_PERIOD)
    limited = (
        (quota > 0 and (cpus == 0 or quota < cpus))
        or settings["cpu_shares"] not in (0, 1024)
        or (own_cpus > 0 and (cpus == 0 or own_cpus < cpus))
    )
    return {"cpu_limited": limited, "cpu_settings": {name: value for name, value in settings.items() if value}}


def _count(cpuset: str) -> int:
    """How many CPUs a list such as 0-2,5 names."""
    found: set[int] = set()
    for part in cpuset.split(","):
        match = re.match(r"\s*(\d+)(?:-(\d+))?\s*\Z", part)
        if match:
            found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return len(found)


def _ulimits(host: Mapping[str, Any], around: Surroundings, unknown: dict[str, str]) -> Facts:
    own = {row["Name"]: row.get("Hard", -1) for row in host.get("Ulimits") or ()}
    defaults = around.defaults.ulimits
    facts: Facts = {"ulimits": own, "raised_ulimits": _raised(own, defaults or {})}
    limit = own.get("nofile", (defaults or {}).get("nofile"))
    if limit is None and defaults is None:
        unknown["open_files_limit"] = (
            "The container sets none, and the daemon's default ulimits can only be read on its host."
        )
        return facts
    return {**facts, "open_files_limit": limit if limit is not None and limit >= 0 else None}


def _raised(own: Mapping[str, int], defaults: Mapping[str, int]) -> list[str]:
    found = []
    for name, hard in own.items():
        ceiling = defaults.get(name, _CEILINGS.get(name))
        if ceiling is not None and ceiling >= 0 and (hard < 0 or hard > ceiling):
            found.append(f"{name}={'unlimited' if hard < 0 else hard} (at most {ceiling})")
    return sorted(found)


def _restarts(policy: Mapping[str, Any]) -> Facts:
    """`restart_attempts`: 0 for no restart, null for endless ones."""
    name, count = policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0
    attempts = 0 if name == "no" else (count or None) if name == "on-failure" else None
    return {"restart_policy": name, "restart_attempts": attempts}


def _log(log: Mapping[str, Any]) -> Facts:
    driver, options = str(log.get("Type") or ""), log.get("Config") or {}
    bounded = driver not in _LOCAL_FILES or str(options.get("max-size") or "-1") not in ("-1", "0")
    return {"log_driver": driver, "log_bounded": bounded}


def _outdated(
    container: Mapping[str, Any], host: Mapping[str, Any], around: Surroundings, live: LiveProcess | None
) -> list[Facts]:
    """Daemon defaults that changed after the container was made, and that it still runs without.

    A log driver or a runtime that was asked for cannot be told from a default afterwards; so only a container older
    than the daemon's present run is compared, for a younger one was given the present defaults.
    """
    started = around.defaults.started
    if live is None or not started or _epoch(str(container.get("Created") or "")) >= started:
        return []
    rows = [
        ("log-driver", (host.get("LogConfig") or {}).get("Type"), around.info.get("LoggingDriver")),
        ("default-runtime", host.get("Runtime"), around.info.get("DefaultRuntime")),
    ]
    asked = host.get("SecurityOpt") or ()
    if around.defaults.no_new_privileges and not any(option.startswith("no-new-privileges") for option in asked):
        rows.append(("no-new-privileges", live.no_new_privileges, True))
    wanted = (around.defaults.ulimits or {}).get("nofile")
    # The engine shows the daemon's present default as the container's, unless the container asked for another.
    shown = next((row.get("Hard") for row in host.get("Ulimits") or () if row.get("Name") == "nofile"), wanted)
    if wanted is not None and shown == wanted and live.open_files is not None:
        rows.append(("default-ulimits nofile", live.open_files, wanted))
    return [
        {"option": name, "container": has, "daemon": default}
        for name, has, default in rows
        if default not in (None, "") and has not in (None, "") and has != default
    ]


def _epoch(timestamp: str) -> float:
    """Seconds since the epoch; Docker writes nanoseconds, more than Python reads, and none where they are 0."""
    fraction = re.match(r"\.\d{1,9}", timestamp[19:])
    try:
        whole = datetime.fromisoformat(timestamp[:19]).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return float("inf")
    return whole + float(fraction.group() if fraction else 0)
