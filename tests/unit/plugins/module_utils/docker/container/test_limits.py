# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a container: what the engine says, what is wanted, and the update that leads from one to the other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits import (
    LIFTED_MEMORY,
    LIFTED_SWAP,
    current_limits,
    declared_limits,
    pending,
    shown,
    update_body,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

MEBIBYTE = 1024**2
BARE = {"Memory": 0, "MemorySwap": 0, "NanoCpus": 0, "PidsLimit": None, "RestartPolicy": {"Name": "no"}}


def body(host_config: dict[str, Any], entry: dict[str, Any], cpus: int = 4) -> dict[str, Any]:
    current = current_limits(host_config)
    return update_body(host_config, pending(current, declared_limits(entry), cpus), cpus)


def after(host_config: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """A HostConfig as the engine keeps it after an update: zeros and empty strings change nothing."""
    return {**host_config, **{key: value for key, value in update.items() if value not in (0, "")}}


def test_memory_and_swap_go_together() -> None:
    assert body(BARE, {"memory": "64m"}) == {"Memory": 64 * MEBIBYTE, "MemorySwap": 64 * MEBIBYTE}
    limited = {**BARE, "Memory": 64 * MEBIBYTE, "MemorySwap": 64 * MEBIBYTE}
    assert body(limited, {"memory_swap": "128m"}) == {"Memory": 64 * MEBIBYTE, "MemorySwap": 128 * MEBIBYTE}


def test_swap_that_was_never_mentioned_is_twice_the_memory() -> None:
    assert current_limits({**BARE, "Memory": 64 * MEBIBYTE})["memory_swap"] == 128 * MEBIBYTE


def test_lifted_memory_is_a_number_that_no_machine_reaches_and_reads_as_no_limit() -> None:
    limited = {**BARE, "Memory": 64 * MEBIBYTE, "MemorySwap": 64 * MEBIBYTE}
    update = body(limited, {"memory": "unlimited"})
    assert update == {"Memory": LIFTED_MEMORY, "MemorySwap": LIFTED_SWAP}
    # Control groups version 2 are given the difference, which must not be 0: that would switch swap off.
    assert update["MemorySwap"] - update["Memory"] > 2**60
    assert body(after(limited, update), {"memory": "unlimited"}) == {}
    assert body(after(limited, update), {"memory": "64m"}) != {}


@pytest.mark.parametrize(
    ("host_config", "update"),
    [
        ({}, {"NanoCpus": 500_000_000}),
        ({"NanoCpus": 1_000_000_000}, {"NanoCpus": 500_000_000}),
        ({"CpuQuota": 20000}, {"CpuQuota": 50000}),
        ({"CpuQuota": 20000, "CpuPeriod": 200000}, {"CpuQuota": 100000, "CpuPeriod": 200000}),
        ({"CpuQuota": -1, "CpuPeriod": 50000}, {"CpuQuota": 25000, "CpuPeriod": 50000}),
        ({"CpuQuota": 50000}, {}),
        ({"NanoCpus": 500_000_000}, {}),
    ],
)
def test_cpu_keeps_the_spelling_of_the_container(host_config: dict[str, int], update: dict[str, int]) -> None:
    assert body({**BARE, **host_config}, {"cpus": 0.5}) == update
    assert body({**BARE, **host_config}, {"cpu_quota": 25000, "cpu_period": 50000}) == update


@pytest.mark.parametrize(
    ("host_config", "entry", "update"),
    [
        ({"NanoCpus": 500_000_000}, {"cpus": 0}, {"NanoCpus": 4_000_000_000}),
        ({"NanoCpus": 4_000_000_000}, {"cpus": 0}, {}),
        ({"CpuQuota": 50000}, {"cpus": 0}, {"CpuQuota": -1}),
        ({"PidsLimit": 20}, {"pids_limit": -1}, {"PidsLimit": -1}),
        ({"PidsLimit": 0}, {"pids_limit": -1}, {}),
        ({"CpuShares": 512}, {"cpu_shares": 0}, {"CpuShares": 1024}),
        ({"CpuShares": 1024}, {"cpu_shares": 0}, {}),
        ({"CpusetCpus": "0"}, {"cpuset_cpus": ""}, {"CpusetCpus": "0-3"}),
        ({"CpusetCpus": "0,1-3"}, {"cpuset_cpus": ""}, {}),
        ({"MemoryReservation": 1024}, {"memory_reservation": "unlimited"}, {"MemoryReservation": -1}),
        ({"MemoryReservation": -1}, {"memory_reservation": "unlimited"}, {}),
    ],
)
def test_what_lifts_a_limit(host_config: dict[str, Any], entry: dict[str, Any], update: dict[str, Any]) -> None:
    assert body({**BARE, **host_config}, entry) == update


def test_sets_of_cpus_are_the_same_in_every_spelling() -> None:
    assert body({**BARE, "CpusetCpus": "0-2"}, {"cpuset_cpus": "2,0, 1"}) == {}
    assert body({**BARE, "CpusetCpus": "0-2"}, {"cpuset_cpus": "0,2-3"}) == {"CpusetCpus": "0,2-3"}


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ("on-failure:5", {"Name": "on-failure", "MaximumRetryCount": 5}),
        ("on-failure", {"Name": "on-failure", "MaximumRetryCount": 0}),
        ("always", {"Name": "always", "MaximumRetryCount": 0}),
    ],
)
def test_restart_policies_are_written_as_on_the_command_line(written: str, policy: dict[str, Any]) -> None:
    assert body(BARE, {"restart_policy": written}) == {"RestartPolicy": policy}
    assert body({**BARE, "RestartPolicy": policy}, {"restart_policy": written}) == {}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"memory": "64m", "memory_swap": "32m"}, "cannot be less than"),
        ({"cpus": 1.0, "cpu_quota": 5}, "name one of them"),
        ({"cpus": float("nan")}, "cpus wants a number"),
        ({"cpus": float("inf")}, "cpus wants a number"),
        ({"cpus": 0.001}, "cpus is 0.001 of a CPU, and the kernel takes no less than 0.01"),
        ({"cpu_quota": 500}, "cpu_quota is 0.005 of a CPU"),
        ({"cpu_shares": 1}, "cpu_shares is 1; it must be 2 to 262144, or 0 for no limit"),
        ({"cpu_shares": 2**70}, "it must be 2 to 262144"),
        ({"pids_limit": 10**30}, "it must be 1 to 2147483647"),
        ({"cpuset_cpus": "a-b"}, "not a set of CPUs"),
        ({"cpuset_cpus": "3-1"}, "'3-1' is not a set of CPUs"),
        ({"cpuset_cpus": "0-99999999999"}, "not a set of CPUs"),
        ({"restart_policy": "on-failure:many"}, "a number of retries"),
        ({"restart_policy": "no:1"}, "on-failure only"),
    ],
)
def test_what_cannot_be(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(DockerError, match=said):
        declared_limits(entry)


def test_what_is_shown() -> None:
    assert shown({"memory": None, "memory_swap": 2**30, "cpu_shares": None, "pids_limit": 5}) == {
        "memory": "unlimited",
        "memory_swap": "1g",
        "cpu_shares": "default",
        "pids_limit": 5,
    }
