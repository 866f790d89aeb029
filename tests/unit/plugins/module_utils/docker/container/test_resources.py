# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of a container, as the kernel sees them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import LiveProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.resources import (
    resource_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    DaemonDefaults,
    Surroundings,
)

MEBIBYTE = 1024 * 1024


def facts(
    host: dict[str, Any],
    defaults: DaemonDefaults | None = None,
    live: LiveProcess | None = None,
    info: dict[str, Any] | None = None,
    created: str = "2026-01-01T00:00:00.123456789Z",
) -> dict[str, Any]:
    unknown: dict[str, str] = {}
    around = Surroundings(info=info or {"NCPU": 4}, security={}, defaults=defaults or DaemonDefaults(ulimits={}))
    found = resource_facts({"HostConfig": host, "Created": created}, around, live, unknown)
    return {**found, "unknown": unknown}


@pytest.mark.parametrize(
    ("memory", "both", "limit", "swap"),
    [
        (0, 0, None, None),
        (0, -1, None, None),
        (64, 64, 64, 0),
        (64, 128, 64, 64),
        (64, -1, 64, None),
        (64, 0, 64, None),
    ],
)
def test_memory_and_swap(memory: int, both: int, limit: int | None, swap: int | None) -> None:
    found = facts({"Memory": memory * MEBIBYTE, "MemorySwap": both * MEBIBYTE if both > 0 else both})
    assert found["memory_limit"] == (limit and limit * MEBIBYTE)
    assert found["swap_limit"] == (None if swap is None else swap * MEBIBYTE)


@pytest.mark.parametrize(("memory", "limit"), [(1023, 1023), (1024, None), (2**62, None)])
def test_more_memory_than_the_host_has_is_no_limit(memory: int, limit: int | None) -> None:
    found = facts({"Memory": memory, "MemorySwap": 2 * memory}, info={"MemTotal": 1024})
    assert found["memory_limit"] == limit
    assert (found["swap_limit"] is None) is (limit is None)
    assert found["memory_settings"] == {"asked": memory, "host": 1024}


@pytest.mark.parametrize(
    ("host", "limited"),
    [
        ({}, False),
        ({"CpuShares": 1024}, False),
        ({"CpuShares": 512}, True),
        ({"NanoCpus": 500_000_000}, True),
        ({"CpuQuota": 20_000, "CpuPeriod": 100_000}, True),
        ({"CpuQuota": -1}, False),
        ({"CpuQuota": 399_999}, True),
        ({"CpuQuota": 400_000}, False),
        ({"CpuQuota": 80_000, "CpuPeriod": 20_000}, False),
        ({"NanoCpus": 4_000_000_000}, False),
        ({"CpusetCpus": "0-3"}, False),
        ({"CpusetCpus": "0,1,2,3"}, False),
        ({"CpusetCpus": "0-1,3"}, True),
        ({"CpusetCpus": "2"}, True),
    ],
)
def test_cpu(host: dict[str, Any], limited: bool) -> None:
    assert facts(host)["cpu_limited"] is limited


@pytest.mark.parametrize(("pids", "limit"), [(None, None), (0, None), (-1, None), (64, 64)])
def test_pids(pids: int | None, limit: int | None) -> None:
    assert facts({"PidsLimit": pids})["pids_limit"] == limit


@pytest.mark.parametrize(
    ("name", "count", "attempts"),
    [
        ("", 0, 0),
        ("no", 0, 0),
        ("on-failure", 5, 5),
        ("on-failure", 0, None),
        ("always", 0, None),
        ("unless-stopped", 0, None),
    ],
)
def test_restarts(name: str, count: int, attempts: int | None) -> None:
    found = facts({"RestartPolicy": {"Name": name, "MaximumRetryCount": count}})
    assert found["restart_attempts"] == attempts


def nofile(hard: int) -> dict[str, Any]:
    return {"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": hard}]}


@pytest.mark.parametrize(
    ("host", "defaults", "raised", "limit"),
    [
        ({}, {}, [], None),
        ({}, {"nofile": 4096}, [], 4096),
        (nofile(1024), {}, [], 1024),
        (nofile(1024), {"nofile": 4096}, [], 1024),
        (nofile(8192), {"nofile": 4096}, ["nofile=8192 (at most 4096)"], 8192),
        (nofile(1048576), {}, ["nofile=1048576 (at most 65536)"], 1048576),
        (nofile(-1), {}, ["nofile=unlimited (at most 65536)"], None),
        ({}, {"nofile": -1}, [], None),
    ],
)
def test_ulimits(host: dict[str, Any], defaults: dict[str, int], raised: list[str], limit: int | None) -> None:
    found = facts(host, DaemonDefaults(ulimits=defaults))
    assert (found["raised_ulimits"], found["open_files_limit"]) == (raised, limit)


def test_default_ulimits_that_cannot_be_told() -> None:
    assert "open_files_limit" in facts({}, DaemonDefaults())["unknown"]
    assert facts(nofile(10), DaemonDefaults())["unknown"] == {}


@pytest.mark.parametrize(
    ("log", "bounded"),
    [
        ({"Type": "json-file", "Config": {}}, False),
        ({"Type": "json-file", "Config": {"max-size": "10m"}}, True),
        ({"Type": "json-file", "Config": {"max-file": "3"}}, False),
        ({"Type": "local", "Config": {}}, True),
        ({"Type": "journald"}, True),
        ({"Type": "none"}, True),
    ],
)
def test_logs(log: dict[str, Any], bounded: bool) -> None:
    assert facts({"LogConfig": log})["log_bounded"] is bounded


def test_the_daemons_own_log_driver_is_kept_beside() -> None:
    assert "default_log_driver" in facts({})


STRICTER = DaemonDefaults(no_new_privileges=True, ulimits={"nofile": 64}, started=1_800_000_000.0)
INFO = {"NCPU": 4, "LoggingDriver": "local", "DefaultRuntime": "runc"}
HOST = {"LogConfig": {"Type": "json-file"}, "Runtime": "crun", **nofile(64)}
LIVE = LiveProcess(0, False, 2, frozenset(), "", 99)


def test_defaults_that_came_after_the_container() -> None:
    found = facts(HOST, STRICTER, LIVE, INFO)["outdated_defaults"]
    assert {row["option"] for row in found} == {
        "log-driver",
        "default-runtime",
        "no-new-privileges",
        "default-ulimits nofile",
    }


def test_what_was_asked_for_is_not_outdated() -> None:
    # A container made under the present defaults deviates because somebody wanted it so.
    assert facts(HOST, STRICTER, LIVE, INFO, created="2027-06-01T00:00:00Z")["outdated_defaults"] == []
    exempt = {**HOST, "SecurityOpt": ["no-new-privileges=false"]}
    assert "no-new-privileges" not in {
        row["option"] for row in facts(exempt, STRICTER, LIVE, INFO)["outdated_defaults"]
    }


def test_a_limit_of_the_containers_own_is_not_outdated() -> None:
    found = facts({**HOST, **nofile(99)}, STRICTER, LIVE, INFO)["outdated_defaults"]
    assert "default-ulimits nofile" not in {row["option"] for row in found}


def test_only_what_runs_keeps_old_defaults() -> None:
    assert facts(HOST, STRICTER, None, INFO)["outdated_defaults"] == []
    assert facts(HOST, DaemonDefaults(), LIVE, INFO)["outdated_defaults"] == []
