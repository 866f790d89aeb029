# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_container_limits on a real daemon: what the kernel then enforces, read from the control groups."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from tests.lab.ansible import run_module
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, KEPT, make_images

MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Host:
    """A daemon whose containers a test may change, and the module bound to it."""

    daemon: Dockerd
    client: docker.DockerClient

    def limit(self, *entries: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"docker_host": self.daemon.docker_host, "containers": list(entries), **options}
        return run_module("docker_container_limits", arguments, check=check, diff=True)

    def run(self, name: str, image: str = KEPT, **options: Any) -> Container:
        container = self.client.containers.run(image, name=name, detach=True, network_mode="none", **options)
        container.reload()
        return container


@pytest.fixture(scope="module")
def shared() -> Iterator[Host]:
    with Dockerd() as daemon, contextlib.closing(daemon.client()) as client:
        make_images(client, [BASE, KEPT])
        yield Host(daemon, client)


@pytest.fixture
def host(shared: Host) -> Iterator[Host]:
    yield shared
    for container in shared.client.containers.list(all=True):
        container.remove(force=True)


def kernel(container: Container, controller: str, file_v1: str, file_v2: str) -> str:
    """What a control group file says, for the container's first process."""
    container.reload()
    for line in Path(f"/proc/{container.attrs['State']['Pid']}/cgroup").read_text().splitlines():
        _number, names, path = line.split(":", 2)
        if controller in names.split(","):
            return Path(f"/sys/fs/cgroup/{controller}{path}/{file_v1}").read_text().strip()
        if not names and Path(f"/sys/fs/cgroup{path}/{file_v2}").exists():
            return Path(f"/sys/fs/cgroup{path}/{file_v2}").read_text().strip()
    raise AssertionError(f"no control group {controller}")


def memory_limit(container: Container) -> str:
    return kernel(container, "memory", "memory.limit_in_bytes", "memory.max")


def host_config(container: Container) -> dict[str, Any]:
    container.reload()
    return dict(container.attrs["HostConfig"])


def test_limits_reach_the_kernel_without_a_restart(host: Host) -> None:
    web = host.run("web")
    started = web.attrs["State"]["StartedAt"]
    result = host.limit(
        {"name": "web", "memory": "64m", "memory_reservation": "32m", "cpus": 0.5, "pids_limit": 20, "cpuset_cpus": "0"}
    )
    assert result["changed"] is True
    assert memory_limit(web) == str(64 * MEBIBYTE)
    assert kernel(web, "pids", "pids.max", "pids.max") == "20"
    assert kernel(web, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"
    assert kernel(web, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    assert host_config(web)["MemorySwap"] == 64 * MEBIBYTE
    assert web.attrs["State"]["StartedAt"] == started


def test_a_second_run_changes_nothing_and_check_mode_predicts_the_first(host: Host) -> None:
    host.run("web")
    host.run("db")
    entries = ({"glob": "*", "memory": "64m", "restart_policy": "on-failure:5"}, {"name": "db", "memory": "128m"})
    predicted = host.limit(*entries, check=True)
    assert host_config(host.client.containers.get("web"))["Memory"] == 0
    done = host.limit(*entries)
    assert (predicted["diff"], predicted["containers"]) == (done["diff"], done["containers"])
    assert done["diff"]["after"]["db"]["memory"] == "128m"
    again = host.limit(*entries)
    assert again["changed"] is False
    assert again["diff"] == {"before": {}, "after": {}}


def test_memory_can_be_raised_above_the_swap_limit_of_before(host: Host) -> None:
    web = host.run("web", mem_limit="32m", memswap_limit="32m")
    assert host.limit({"name": "web", "memory": "256m"})["changed"] is True
    assert memory_limit(web) == str(256 * MEBIBYTE)


def test_memory_below_its_use_is_refused_and_nothing_changes(host: Host, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"a" * 48 * MEBIBYTE)
    mount = {str(big): {"bind": "/big", "mode": "ro"}}
    host.run(
        "hungry", BASE, command=["sh", "-c", "x=$(cat /big); touch /ready; while :; do sleep 9; done"], volumes=mount
    )
    hungry, web = host.client.containers.get("hungry"), host.run("web")
    assert wait_for(lambda: hungry.exec_run(["ls", "/ready"]).exit_code == 0)
    for check in (True, False):
        result = host.limit({"glob": "*", "memory": "16m"}, check=check)
        assert result["failed"] is True
        assert result["msg"].startswith("Nothing was changed. hungry: memory 16m is less than the ")
    assert host_config(web)["Memory"] == 0
    assert host.limit({"name": "web", "memory": "16m"})["changed"] is True


def wait_for(condition: Callable[[], bool]) -> bool:
    for _attempt in range(150):
        if condition():
            return True
        time.sleep(0.2)
    return False


def test_a_stopped_container_gets_its_limits_for_the_next_start(host: Host) -> None:
    idle = host.client.containers.create(KEPT, name="idle", network_mode="none")
    assert host.limit({"name": "idle", "memory": "64m", "pids_limit": 9})["changed"] is True
    idle.start()
    assert memory_limit(idle) == str(64 * MEBIBYTE)
    assert host.limit({"name": "idle", "memory": "64m", "pids_limit": 9})["changed"] is False


@pytest.mark.parametrize("running", [True, False])
def test_absent_gives_back_what_was_there(host: Host, tmp_path: Path, running: bool) -> None:
    record = str(tmp_path / "records" / "limits.json")
    web = host.run("web", mem_limit="100m", memswap_limit="200m", cpu_quota=70000, restart_policy={"Name": "always"})
    if not running:
        web.stop()
    before = host_config(web)
    entry = {"name": "web", "memory": "64m", "cpus": 0.5, "pids_limit": 20, "restart_policy": "on-failure:3"}
    assert host.limit(entry, record=record)["changed"] is True
    assert host.limit({**entry, "memory": "80m"}, record=record)["changed"] is True
    result = host.limit(state="absent", record=record)
    assert result["changed"] is True
    after = host_config(web)
    kept = ("Memory", "MemorySwap", "CpuQuota", "NanoCpus", "RestartPolicy")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert not after["PidsLimit"]
    assert not Path(record).parent.exists()
    assert host.limit(state="absent", record=record)["changed"] is False


def test_absent_lifts_memory_and_swap_in_the_kernel(host: Host) -> None:
    web = host.run("web")
    unlimited = memory_limit(web)
    entry = {"name": "web", "memory": "64m", "memory_swap": "128m", "memory_reservation": "32m", "cpu_shares": 512}
    host.limit(entry)
    assert host.limit(entry, state="absent")["changed"] is True
    assert unlimited == "max" or int(memory_limit(web)) > 2**60
    assert host.limit(entry, state="absent")["changed"] is False
    web.restart(timeout=0)
    assert unlimited == "max" or int(memory_limit(web)) > 2**60


def test_absent_leaves_a_limit_that_somebody_else_has_set_since(host: Host, tmp_path: Path) -> None:
    record = str(tmp_path / "limits.json")
    web = host.run("web")
    host.limit({"name": "web", "memory": "64m", "pids_limit": 20}, record=record)
    web.update(mem_limit="96m", memswap_limit="96m")
    result = host.limit(state="absent", record=record)
    assert result["containers"][0]["after"] == {"pids_limit": "unlimited"}
    assert host_config(web)["Memory"] == 96 * MEBIBYTE


def test_the_way_in_which_cpu_is_limited_stays_that_of_the_container(host: Host) -> None:
    by_quota, by_cpus = host.run("quota", cpu_quota=20000, cpu_period=200000), host.run("nano", nano_cpus=300_000_000)
    assert host.limit({"name": "quota", "cpus": 0.5}, {"name": "nano", "cpu_quota": 50000})["changed"] is True
    assert (host_config(by_quota)["CpuQuota"], host_config(by_quota)["NanoCpus"]) == (100000, 0)
    assert (host_config(by_cpus)["NanoCpus"], host_config(by_cpus)["CpuQuota"]) == (500_000_000, 0)
    assert host.limit({"name": "quota", "cpus": 0.5}, {"name": "nano", "cpu_quota": 50000})["changed"] is False


def test_selectors_choose_by_name_pattern_and_label_and_nothing_else(host: Host) -> None:
    for name, labels in (("web-1", {"tier": "web"}), ("web-2", {}), ("web", {"tier": "web"}), ("my-web-1", {})):
        host.run(name, labels=labels)

    def chosen(**selector: str) -> list[str]:
        result = host.limit({**selector, "pids_limit": 50}, check=True)
        return [container["name"] for container in result["containers"]]

    assert chosen(name="web") == ["web"]
    assert chosen(glob="web-*") == ["web-1", "web-2"]
    assert chosen(label="tier=web") == ["web", "web-1"]
    assert chosen(label="tier", glob="web-?") == ["web-1"]


def test_what_kubernetes_or_swarm_manages_is_passed_over_unless_named(host: Host) -> None:
    host.run("pod", labels={"io.kubernetes.pod.uid": "1"})
    result = host.limit({"glob": "*", "pids_limit": 50})
    assert (result["changed"], list(result["skipped"])) == (False, ["pod"])
    assert host.limit({"name": "pod", "pids_limit": 50})["changed"] is True


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "no-such", "memory": "64m"}, "No container matches name no-such"),
        ({"memory": "64m"}, "entry 1: no selector"),
        ({"name": "web"}, "no limit is named"),
        ({"name": "web", "memory": "lots"}, "'lots' is not a size"),
        ({"name": "web", "memory": "4m"}, "memory cannot be less than 6m"),
        ({"name": "web", "memory": "64m", "memory_swap": "32m"}, "32m cannot be less than memory, 64m"),
        ({"name": "web", "memory_swap": "32m"}, "memory_swap 32m is less than memory unlimited"),
        ({"name": "web", "memory": "64m", "memory_reservation": "1g"}, "memory_reservation 1g is more than its memory"),
        ({"name": "web", "cpus": 4096}, "cpus 4096 is more than the"),
        ({"name": "web", "cpus": 1, "cpu_quota": 50000}, "name one of them"),
        ({"name": "web", "cpuset_cpus": "first"}, "'first' is not a set of CPUs"),
        ({"name": "web", "restart_policy": "always:5"}, "goes with on-failure only"),
        ({"name": "web", "restart_policy": "sometimes"}, "is none of no, on-failure"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(host: Host, entry: dict[str, Any], said: str) -> None:
    web = host.run("web")
    before = host_config(web)
    result = host.limit(entry)
    assert result["failed"] is True
    assert said in result["msg"]
    assert host_config(web) == before


def test_a_container_that_fails_does_not_keep_the_others_from_their_limits(host: Host) -> None:
    web, db = host.run("web"), host.run("db")
    # Only the engine can tell that this CPU is not there.
    result = host.limit({"name": "db", "cpuset_cpus": "999"}, {"name": "web", "pids_limit": 30})
    assert result["failed"] is True
    assert result["msg"].startswith("Not every container got its limits. db: ")
    assert host_config(web)["PidsLimit"] == 30
    assert host_config(db)["CpusetCpus"] == ""
    failed = {container["name"]: container["changed"] for container in result["containers"]}
    assert failed == {"db": False, "web": True}


def test_requests_are_one_a_container_and_a_few_more(host: Host) -> None:
    for number in range(5):
        host.run(f"web-{number}", mem_limit="64m", memswap_limit="64m")
    assert host.limit({"glob": "*", "memory": "64m"})["requests"] == 5 + 3


def test_an_unreachable_engine_is_one_sentence(tmp_path: Path) -> None:
    arguments = {"docker_host": f"unix://{tmp_path}/none.sock", "containers": [{"name": "web", "memory": "64m"}]}
    result = run_module("docker_container_limits", arguments)
    assert result["failed"] is True
    assert "There is no Docker socket" in result["msg"]
    assert "Traceback" not in json.dumps(result)
