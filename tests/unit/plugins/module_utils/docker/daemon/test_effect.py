# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a daemon shows of its options, and when that is the same as what was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.effect import (
    agrees,
    in_bytes,
    observed_options,
    reload_events,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus

INFO: dict[str, Any] = {
    "Debug": True,
    "Labels": None,
    "LiveRestoreEnabled": False,
    "LoggingDriver": "json-file",
    "DefaultRuntime": "runc",
    "ExperimentalBuild": False,
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "DockerRootDir": "/var/lib/docker/100000.100000",
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=userns"],
    "Runtimes": {"runc": {"path": "runc"}, "crun": {"path": "/usr/bin/crun"}},
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["127.0.0.0/8", "10.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": True}, "registry.example.com": {"Secure": False}},
        "Mirrors": ["https://mirror.example.com/"],
    },
    "DefaultAddressPools": [{"Base": "10.0.0.0/8", "Size": 24}],
}
BRIDGE = {
    "Containers": {},
    "Options": {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
        "com.docker.network.driver.mtu": "1400",
    },
}


class FakeEngine:
    """An engine that answers from memory."""

    def __init__(self, version: str = "20.10.24", bridge: dict[str, Any] | None = None, events: str = "") -> None:
        self._version, self._bridge, self._events = version, bridge, events
        self.asked: dict[str, object] = {}

    def version(self) -> dict[str, Any]:
        return {"Version": self._version}

    def get(self, path: str) -> Any:
        if path == "/networks/bridge" and self._bridge is None:
            raise EngineStatus(404, "network bridge not found")
        return {"/networks/bridge": self._bridge, "/info": INFO}[path]

    def stream(self, resource: str, **query: object) -> Iterator[bytes]:
        self.asked = query
        yield from (self._events[:7].encode(), self._events[7:].encode())


def seen(info: dict[str, Any] | None = None, started: float = 0.0, **engine: Any) -> dict[str, Any]:
    return observed_options(cast(Engine, FakeEngine(**engine)), started, info)


def test_the_plain_fields_of_info() -> None:
    options = seen()
    assert (options["debug"], options["log-driver"], options["storage-driver"]) == (True, "json-file", "overlay2")
    assert "labels" not in options, "a null says nothing"


def test_what_security_options_say() -> None:
    options = seen()
    assert options["userns-remap"] is True
    assert options["data-root"] == "/var/lib/docker"
    assert options["seccomp-profile"] == ""
    assert "no-new-privileges" not in options, "20.10 does not show it"
    assert seen(version="24.0.0")["no-new-privileges"] is False
    assert seen({**INFO, "SecurityOptions": ["name=seccomp,profile=/p.json"]})["seccomp-profile"] == "/p.json"


def test_lists_and_maps() -> None:
    options = seen()
    assert options["runtimes"] == {"crun": {"path": "/usr/bin/crun"}}
    assert options["insecure-registries"] == ["10.0.0.0/8", "registry.example.com"]
    assert options["default-address-pools"] == [{"base": "10.0.0.0/8", "size": 24}]


def test_a_snapshotter_is_no_storage_driver() -> None:
    info = {**INFO, "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
    assert "storage-driver" not in seen(info)


def test_the_default_bridge() -> None:
    options = seen(bridge=BRIDGE)
    assert (options["icc"], options["mtu"], options["ip"]) == (False, 1400, "0.0.0.0")
    assert "icc" not in seen()


def test_a_bridge_that_outlived_the_restart_says_nothing_of_the_new_options() -> None:
    kept = {**INFO, "LiveRestoreEnabled": True, "ContainersRunning": 1}
    assert "icc" not in seen(kept, bridge=BRIDGE)
    assert "icc" in seen({**kept, "ContainersRunning": 0}, bridge=BRIDGE)


def event(**attributes: str) -> str:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return json.dumps({"Action": "reload", "Actor": {"Attributes": named}}) + "\n"


def test_the_last_reload_tells_what_info_does_not() -> None:
    events = event(shutdown_timeout="15") + event(shutdown_timeout="20", default_ipc_mode="private", labels="[]")
    options = seen(started=5.0, events=events)
    assert (options["shutdown-timeout"], options["default-ipc-mode"]) == (20, "private")
    assert "shutdown-timeout" not in seen(events=events), "whose reload that was is not known without the start"


def test_reloads_are_asked_for_since_a_time() -> None:
    engine = FakeEngine(events=event(debug="true"))
    assert len(reload_events(cast(Engine, engine), 12.5)) == 1
    assert engine.asked["since"] == "12.500000000"
    assert engine.asked["filters"] == {"type": ["daemon"], "event": ["reload"]}


@pytest.mark.parametrize(
    ("key", "wanted", "shown", "same"),
    [
        ("debug", True, True, True),
        ("debug", True, False, False),
        ("labels", ["a=b", "c=d"], ["c=d", "a=b"], True),
        ("labels", [], None, True),
        ("insecure-registries", ["10.1.2.3/8", "http://r.example.com/"], ["r.example.com", "10.0.0.0/8"], True),
        ("insecure-registries", ["127.0.0.0/8"], [], True),
        ("insecure-registries", ["10.0.0.0/8"], [], False),
        ("registry-mirrors", ["https://m.example.com"], ["https://m.example.com/"], True),
        ("runtimes", {"crun": {"path": "/c", "runtimeArgs": []}, "runc": {}}, {"crun": {"path": "/c"}}, True),
        ("runtimes", {"crun": {"path": "/c"}}, {"crun": {"path": "/d"}}, False),
        ("runtimes", {}, {"crun": {"path": "/d"}}, False),
        ("default-shm-size", "64M", 67108864, True),
        ("default-shm-size", "64M", 67108865, False),
        ("data-root", "/var/../var/lib/docker", "/var/lib/docker", True),
        ("seccomp-profile", "builtin", "", True),
        ("storage-driver", "", "overlay2", True),
        ("storage-driver", "vfs", "overlay2", False),
        ("userns-remap", "default", True, True),
        ("userns-remap", "", True, False),
    ],
)
def test_the_same_thing_to_the_daemon(key: str, wanted: Any, shown: Any, same: bool) -> None:
    assert agrees(key, wanted, shown) is same


@pytest.mark.parametrize(
    ("text", "size"),
    [(67108864, 67108864), ("64M", 67108864), ("64mb", 67108864), ("64MiB", 67108864), ("1.5g", 1610612736)],
)
def test_sizes(text: Any, size: int) -> None:
    assert in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "M", "64X", True, "-1"])
def test_no_sizes(text: Any) -> None:
    assert in_bytes(text) is None
