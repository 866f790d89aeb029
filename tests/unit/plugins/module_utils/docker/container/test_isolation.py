# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containers share with their host, directly or through another container."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.isolation import (
    isolation_facts,
    resolve_joined,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Surroundings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.mount_table import Mount


def around(**more: Any) -> Surroundings:
    return Surroundings(info={"CgroupVersion": "2", "DockerRootDir": "/srv/docker"}, security={}, **more)


def facts(host: dict[str, Any], where: Surroundings | None = None, **container: Any) -> dict[str, Any]:
    return isolation_facts({"HostConfig": host, **container}, where or around())


@pytest.mark.parametrize(
    ("key", "name"),
    [("NetworkMode", "network"), ("PidMode", "pid"), ("IpcMode", "ipc"), ("UTSMode", "uts"), ("UsernsMode", "userns")],
)
def test_namespaces_of_the_host(key: str, name: str) -> None:
    assert facts({key: "host"})[f"host_{name}"] is True
    assert facts({key: ""})[f"host_{name}"] is False


def joined(name: str, mode: str) -> dict[str, Any]:
    namespaces = {"network": "", "pid": mode, "ipc": "", "uts": "", "userns": ""}
    return {"subject": {"kind": "container", "name": name}, "full_id": f"id-{name}", "namespaces": namespaces}


def test_namespaces_by_another_container() -> None:
    host, by_id, by_name = joined("a", "host"), joined("b", "container:id-a"), joined("c", "container:b")
    own, to_own, lost = joined("d", ""), joined("e", "container:d"), joined("f", "container:gone")
    round_trip = joined("g", "container:g")
    everyone = [host, by_id, by_name, own, to_own, lost, round_trip]
    resolve_joined(everyone)
    assert [each["subject"]["name"] for each in everyone if each["host_pid"]] == ["a", "b", "c"]


def test_what_could_not_be_read_joins_nothing() -> None:
    unreadable = {"subject": {"kind": "container", "name": "x"}, "unknown": {}}
    resolve_joined([unreadable, joined("a", "container:x")])
    assert "host_pid" not in unreadable


def test_sockets_and_folders() -> None:
    mount = {"Type": "bind", "Source": "/run", "Destination": "/x", "RW": False, "Propagation": "rshared"}
    found = facts({}, around(sockets=("/run/docker.sock",)), Mounts=[mount])
    assert found["runtime_sockets"][0]["socket"] == "/run/docker.sock"
    assert found["sensitive_mounts_read_only"][0]["source"] == "/run"
    assert found["sensitive_mounts_writable"] == []
    assert len(found["shared_mounts"]) == 1


def test_a_bind_mount_of_the_host_is_followed() -> None:
    mount = {"Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": True}
    table = (Mount("/", "254:0", "/", "ext4", "/dev/vda"), Mount("/srv/x", "254:0", "/run", "ext4", "/dev/vda"))
    found = facts({}, around(sockets=("/run/docker.sock",), mount_table=table), Mounts=[mount])
    assert found["sensitive_mounts_writable"] == [
        {"source": "/srv/x", "destination": "/x", "writable": True, "resolved": "/run"}
    ]
    assert [row["socket"] for row in found["runtime_sockets"]] == ["/run/docker.sock"]


def test_devices() -> None:
    host = {
        "Devices": [{"PathOnHost": "/dev/sda"}],
        "DeviceCgroupRules": ["a *:* rwm"],
        "DeviceRequests": [{"Driver": "nvidia", "DeviceIDs": None}],
    }
    found = facts(host)
    assert found["devices"] == ["/dev/sda", "nvidia: all"]
    assert found["device_rules"] == ["a *:* rwm"]


def networks(*names: str) -> dict[str, Any]:
    return {"Networks": {name: {} for name in names}}


def test_default_bridge() -> None:
    bridge = around(bridge_address="")
    assert facts({}, bridge, NetworkSettings=networks("bridge"))["on_default_bridge"]
    assert facts({}, bridge, NetworkSettings=networks("app", "bridge"))["on_default_bridge"]
    assert not facts({}, bridge, NetworkSettings=networks("app"))["on_default_bridge"]
    # --bridge=none: containers still name the bridge that is not there.
    assert not facts({}, NetworkSettings=networks("bridge"))["on_default_bridge"]
    disabled = {"NetworkSettings": networks("bridge"), "Config": {"NetworkDisabled": True}}
    assert not facts({}, bridge, **disabled)["on_default_bridge"]


def test_ports_of_what_runs_and_of_what_does_not() -> None:
    wish = {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}
    have = {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}]}, **networks("app")}
    assert facts(wish)["published_ports"] == ["0.0.0.0:?->80/tcp"]
    assert facts(wish, NetworkSettings=have)["published_ports"] == ["0.0.0.0:32768->80/tcp"]


def test_the_default_address_of_the_bridge_counts_there_alone() -> None:
    wish = {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}
    bridge = around(bridge_address="127.0.0.1")
    assert facts(wish, bridge, NetworkSettings=networks("bridge"))["ports_on_every_address"] == []
    assert facts(wish, bridge, NetworkSettings=networks("app"))["ports_on_every_address"] != []


def test_ports_that_the_image_does_not_declare() -> None:
    wish = {"PortBindings": {port: [{"HostIp": "127.0.0.1", "HostPort": "8080"}] for port in ("80/tcp", "9229/tcp")}}
    declares = around(images={"sha256:1": {"exposed_ports": ["80/tcp"]}})
    assert facts(wish, declares, Image="sha256:1")["unneeded_ports"] == ["127.0.0.1:8080->9229/tcp"]
    assert facts(wish, around(), Image="sha256:1")["unneeded_ports"] == []
    assert len(facts({**wish, "PublishAllPorts": True})["unneeded_ports"]) == 2


WISH = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}


@pytest.mark.parametrize(
    ("state", "mode", "published"),
    [
        ({"Running": False}, "default", True),
        ({"Running": True, "Restarting": True}, "default", True),
        ({"Running": True}, "host", False),
        ({"Running": True}, "none", False),
        ({"Running": False}, "host", False),
        ({"Running": False}, "none", False),
        ({"Running": False}, "container:x", False),
    ],
)
def test_a_wish_for_ports_that_is_not_fulfilled(state: dict[str, bool], mode: str, published: bool) -> None:
    found = facts({"NetworkMode": mode, "PortBindings": WISH}, State=state, NetworkSettings={"Ports": {}})
    assert bool(found["ports_on_every_address"]) is published


@pytest.mark.parametrize(("others", "published"), [({}, False), ({"front": {}}, True)])
def test_internal_networks_publish_nothing(others: dict[str, Any], published: bool) -> None:
    settings = {"Networks": {"back": {}, **others}}
    where = around(internal_networks=frozenset({"back"}))
    found = facts({"NetworkMode": "back", "PortBindings": WISH}, where, NetworkSettings=settings)
    assert bool(found["published_ports"]) is published


def test_every_port_of_a_container_that_does_not_run_yet() -> None:
    host = {"PublishAllPorts": True, "PortBindings": {**WISH, "81/tcp": []}}
    config: dict[str, Any] = {"ExposedPorts": {"80/tcp": {}, "81/tcp": {}, "443/tcp": {}}}
    found = facts(host, Config=config)
    assert found["unneeded_ports"] == ["0.0.0.0:8080->80/tcp", "0.0.0.0:?->81/tcp", "0.0.0.0:?->443/tcp"]
    assert facts({"PortBindings": WISH}, Config=config)["published_ports"] == ["0.0.0.0:8080->80/tcp"]
