# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of one container: read from the engine, compared with what is wanted, and written as an update.

A limit has one form here, whatever the engine's spelling is: None is "no limit", memory is in bytes, CPU in cores.
What the engine and the kernel make of each value was measured on a real engine and is told beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.size_units import (
    format_size,
    parse_size,
)

Limits = dict[str, Any]

SIZES = ("memory", "memory_swap", "memory_reservation")
OPTIONS = (*SIZES, "cpus", "cpu_shares", "cpuset_cpus", "cpuset_mems", "pids_limit", "restart_policy")
DEFAULT_PERIOD = 100_000
# An update cannot say "no memory limit": 0 is "leave as it is", -1 is refused, and a memory_swap of -1 is recorded
# but never reaches the kernel of a running container. Numbers no machine can reach do the job. Memory is half of
# swap because cgroup v2 is given the difference of the two, and a difference of 0 would switch swap off.
LIFTED_MEMORY = 2**62
LIFTED_SWAP = 2**63 - 4096
_BEYOND_ANY_MACHINE = 2**60
_DEFAULT_SHARES = 1024
# What the kernel takes; runc refuses the rest only when the container has been told to change.
_WHOLE_NUMBERS = {"cpu_shares": (2, 262144), "pids_limit": (1, 2**31 - 1)}
_LEAST_CPUS = 0.01
# The kernel is built for 8192 CPUs at most.
_MOST_CPUS = 8192


def declared_limits(entry: Mapping[str, Any]) -> Limits:
    """The limits that one entry of the option `containers` names. Raises DockerError for a value that cannot be."""
    limits: Limits = {name: parse_size(entry[name]) for name in SIZES if entry.get(name) is not None}
    for name, (least, most) in _WHOLE_NUMBERS.items():
        if entry.get(name) is not None:
            limits[name] = _within(name, entry[name], least, most) if entry[name] > 0 else None
    for name in ("cpuset_cpus", "cpuset_mems"):
        if entry.get(name) is not None:
            limits[name] = _cpu_set(entry[name])
    limits.update(_declared_cpus(entry))
    if entry.get("restart_policy") is not None:
        limits["restart_policy"] = _restart_policy(entry["restart_policy"])
    return _with_swap(limits)


def current_limits(host_config: Mapping[str, Any]) -> Limits:
    """The limits in a container's HostConfig, as GET /containers/{id}/json returns it."""
    memory = _size(host_config.get("Memory"))
    swap = _size(host_config.get("MemorySwap"))
    # The engine starts a container with twice its memory where memory is limited and swap was never mentioned.
    if memory is not None and not host_config.get("MemorySwap"):
        swap = 2 * memory
    policy = host_config.get("RestartPolicy") or {}
    return {
        "memory": memory,
        "memory_swap": swap,
        "memory_reservation": _size(host_config.get("MemoryReservation")),
        "cpus": _current_cpus(host_config),
        "cpu_shares": host_config.get("CpuShares") or None,
        "cpuset_cpus": _cpu_set(host_config.get("CpusetCpus") or ""),
        "cpuset_mems": _cpu_set(host_config.get("CpusetMems") or ""),
        "pids_limit": host_config["PidsLimit"] if (host_config.get("PidsLimit") or 0) > 0 else None,
        "restart_policy": _policy_text(policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0),
    }


def pending(current: Limits, wanted: Limits, cpus: int) -> Limits:
    """Those of the wanted limits that the current ones do not meet already, on a machine with so many CPUs."""
    return {name: value for name, value in wanted.items() if not _met(name, current[name], value, cpus)}


def update_body(host_config: Mapping[str, Any], changes: Limits, cpus: int) -> dict[str, Any]:
    """The body of POST /containers/{id}/update that makes the changes."""
    body: dict[str, Any] = {}
    if {"memory", "memory_swap"} & set(changes):
        body.update(_memory_body({**current_limits(host_config), **changes}))
    for name, value in changes.items():
        if name == "memory_reservation":
            body["MemoryReservation"] = -1 if value is None else value
        elif name == "cpus":
            body.update(_cpu_body(host_config, value, cpus))
        elif name == "cpu_shares":
            body["CpuShares"] = value or _DEFAULT_SHARES
        elif name == "cpuset_cpus":
            body["CpusetCpus"] = value or f"0-{cpus - 1}"
        elif name == "cpuset_mems":
            body["CpusetMems"] = value or "0"
        elif name == "pids_limit":
            body["PidsLimit"] = value or -1
        elif name == "restart_policy":
            policy, _colon, retries = value.partition(":")
            body["RestartPolicy"] = {"Name": policy, "MaximumRetryCount": int(retries or 0)}
    return body


def shown(limits: Limits) -> dict[str, Any]:
    """The limits as a person writes them: sizes with units, and words where there is no limit."""
    return {name: format_size(value) if name in SIZES else _plain(name, value) for name, value in limits.items()}


def _plain(name: str, value: Any) -> Any:
    nothing = "default" if name in ("cpu_shares", "cpuset_cpus", "cpuset_mems") else "unlimited"
    return nothing if value is None else value


def _with_swap(limits: Limits) -> Limits:
    memory, swap = limits.get("memory"), limits.get("memory_swap")
    if "memory" in limits and "memory_swap" not in limits:
        # Both at once, or the kernel refuses a memory limit above the swap limit of before.
        return {**limits, "memory_swap": memory}
    if memory is not None and swap is not None and swap < memory:
        raise DockerError(
            f"memory_swap is memory and swap together: {format_size(swap)} cannot be less than "
            f"memory, {format_size(memory)}"
        )
    return limits


def _declared_cpus(entry: Mapping[str, Any]) -> Limits:
    if entry.get("cpus") is not None and entry.get("cpu_quota") is not None:
        raise DockerError("cpus and cpu_quota say the same in two ways: name one of them")
    if entry.get("cpus") is not None:
        return {"cpus": _enough_cpus("cpus", float(entry["cpus"]))}
    if entry.get("cpu_quota") is not None:
        period = entry.get("cpu_period") or DEFAULT_PERIOD
        return {"cpus": _enough_cpus("cpu_quota", entry["cpu_quota"] / period)}
    return {}


def _enough_cpus(name: str, cpus: float) -> float | None:
    if not math.isfinite(cpus):
        raise DockerError(f"{name} wants a number, such as 1.5; 0 is no limit")
    if 0 < cpus < _LEAST_CPUS:
        raise DockerError(
            f"{name} is {cpus:g} of a CPU, and the kernel takes no less than {_LEAST_CPUS:g}; 0 is no limit"
        )
    return cpus if cpus > 0 else None


def _within(name: str, number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise DockerError(f"{name} is {number}; it must be {least} to {most}, or 0 for no limit")
    return number


def _current_cpus(host_config: Mapping[str, Any]) -> float | None:
    if (host_config.get("NanoCpus") or 0) > 0:
        return float(host_config["NanoCpus"]) / 1e9
    if (host_config.get("CpuQuota") or 0) > 0:
        return float(host_config["CpuQuota"]) / (host_config.get("CpuPeriod") or DEFAULT_PERIOD)
    return None


def _cpu_body(host_config: Mapping[str, Any], wanted: float | None, cpus: int) -> dict[str, int]:
    # A container that was given a quota or a period keeps that way of saying it: the engine refuses to mix them.
    period = host_config.get("CpuPeriod") or 0
    if (host_config.get("CpuQuota") or 0) > 0 or period:
        quota = -1 if wanted is None else round(wanted * (period or DEFAULT_PERIOD))
        return {"CpuQuota": quota, **({"CpuPeriod": period} if period else {})}
    # NanoCpus 0 means "leave as it is": all the CPUs there are is what lifts the limit.
    return {"NanoCpus": round((cpus if wanted is None else wanted) * 1e9)}


def _memory_body(limits: Limits) -> dict[str, int]:
    memory, swap = limits["memory"], limits["memory_swap"]
    return {
        "Memory": LIFTED_MEMORY if memory is None else memory,
        "MemorySwap": LIFTED_SWAP if swap is None else swap,
    }


def _met(name: str, current: Any, wanted: Any, cpus: int) -> bool:
    if wanted is not None and name == "cpus":
        return current is not None and abs(current - wanted) < 1e-6
    if wanted is None and current is not None:
        return (
            (name == "cpus" and current >= cpus)
            or (name == "cpu_shares" and current == _DEFAULT_SHARES)
            or (name == "cpuset_cpus" and current == _cpu_set(f"0-{cpus - 1}"))
            or (name == "cpuset_mems" and current == "0")
        )
    return bool(current == wanted)


def _size(value: int | None) -> int | None:
    return value if value and 0 < value < _BEYOND_ANY_MACHINE else None


def _cpu_set(written: str) -> str | None:
    """One spelling of a set of CPUs: 0,1,2 and 0-2 are the same. None for the empty one, which is all of them."""
    numbers: set[int] = set()
    try:
        for part in filter(None, written.replace(" ", "").split(",")):
            first, _dash, last = part.partition("-")
            low, high = int(first), int(last or first)
            if not low <= high < _MOST_CPUS:
                raise ValueError(part)
            numbers.update(range(low, high + 1))
    except ValueError as exc:
        raise DockerError(f"{written!r} is not a set of CPUs: write 0-3 or 0,2") from exc
    return _ranges(sorted(numbers)) or None


def _ranges(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _restart_policy(written: str) -> str:
    policy, colon, retries = written.strip().partition(":")
    if policy not in ("no", "on-failure", "always", "unless-stopped"):
        raise DockerError(f"restart_policy {written!r} is none of no, on-failure[:retries], always, unless-stopped")
    if colon and (policy != "on-failure" or not retries.isdigit()):
        raise DockerError(f"restart_policy {written!r}: a number of retries goes with on-failure only, as on-failure:5")
    return _policy_text(policy, int(retries or 0))


def _policy_text(policy: str, retries: int) -> str:
    return f"{policy}:{retries}" if policy == "on-failure" and retries else policy
