# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container shares with its host: namespaces, mounts, devices, cgroups, networks, ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import mounts, ports
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Facts,
    Surroundings,
)

_NAMESPACES = {"network": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode", "uts": "UTSMode", "userns": "UsernsMode"}


def isolation_facts(container: Mapping[str, Any], around: Surroundings) -> Facts:
    """Facts of one inspected container."""
    host = container.get("HostConfig") or {}
    return {
        "namespaces": {name: str(host.get(key) or "") for name, key in _NAMESPACES.items()},
        **{f"host_{name}": host.get(key) == "host" for name, key in _NAMESPACES.items()},
        "host_cgroup_namespace": host.get("CgroupnsMode") == "host" or not host.get("CgroupnsMode"),
        "cgroup_version": str(around.info.get("CgroupVersion") or "1"),
        "cgroup_parent": str(host.get("CgroupParent") or ""),
        "read_only_root": bool(host.get("ReadonlyRootfs")),
        **_mount_facts(container, around),
        **_device_facts(host),
        **_network_facts(container, host, around),
    }


def _mount_facts(container: Mapping[str, Any], around: Surroundings) -> Facts:
    found = mounts.host_mounts(container, around.devices, around.resolve)
    views = [_views(mount, around) for mount in found]
    hits = [[view for view in each if mounts.is_sensitive(view, around.data_root)] for each in views]
    sensitive = [each[0] for each in hits if each]
    return {
        "host_mounts": [mount.shown() for mount in found],
        "sensitive_mounts_writable": [mount.shown() for mount in sensitive if mount.writable],
        "sensitive_mounts_read_only": [mount.shown() for mount in sensitive if not mount.writable],
        "runtime_sockets": [
            {**each[0].shown(), "socket": path}
            for each in views
            for path in sorted({path for view in each for path in _sockets(view, around)})
        ],
        "shared_mounts": [mount.shown() for mount in found if mount.propagation in ("shared", "rshared")],
    }


def _sockets(view: mounts.HostMount, around: Surroundings) -> list[str]:
    return mounts.sockets_in(view, around.sockets, around.same_file_system)


def _views(mount: mounts.HostMount, around: Surroundings) -> list[mounts.HostMount]:
    """The mount, and what else it is where the host has bind mounts of its own at or below its source."""
    return [mount, *(replace(mount, source=name) for name in around.original_names(mount.source, mount.recursive))]


def _device_facts(host: Mapping[str, Any]) -> Facts:
    requests = [
        str(request.get("Driver") or "any driver") + ": " + ", ".join(request.get("DeviceIDs") or ["all"])
        for request in host.get("DeviceRequests") or ()
    ]
    return {
        "devices": sorted(str(device.get("PathOnHost")) for device in host.get("Devices") or ()) + requests,
        "device_rules": list(host.get("DeviceCgroupRules") or ()),
    }


def _network_facts(container: Mapping[str, Any], host: Mapping[str, Any], around: Surroundings) -> Facts:
    settings = container.get("NetworkSettings") or {}
    networks = sorted(settings.get("Networks") or ())
    disabled = bool((container.get("Config") or {}).get("NetworkDisabled"))
    on_bridge = "bridge" in networks and around.bridge_address is not None and not disabled
    found = ports.published(_bindings(container, host, around), around.bridge_address or "" if on_bridge else "")
    return {
        "networks": networks,
        "on_default_bridge": on_bridge,
        "published_ports": [ports.shown(row) for row in found],
        "privileged_ports": ports.privileged(found),
        "ports_on_every_address": ports.on_every_address(found),
        "unneeded_ports": _unneeded(container, host, around, found),
    }


def _bindings(container: Mapping[str, Any], host: Mapping[str, Any], around: Surroundings) -> Mapping[str, Any]:
    """The ports that are bound, or, of a container that does not run, those that will be."""
    state, settings = container.get("State") or {}, container.get("NetworkSettings") or {}
    if settings.get("Ports") or (state.get("Running") and not state.get("Restarting")):
        return settings.get("Ports") or {}
    networks, mode = set(settings.get("Networks") or ()), str(host.get("NetworkMode") or "")
    # Docker keeps such a wish, and does not fulfil it.
    if mode in ("host", "none") or mode.startswith("container:") or (networks and networks <= around.internal_networks):
        return {}
    bindings = host.get("PortBindings") or {}
    exposed = (container.get("Config") or {}).get("ExposedPorts")
    return ports.with_all_exposed(bindings, exposed) if host.get("PublishAllPorts") else bindings


def _unneeded(
    container: Mapping[str, Any], host: Mapping[str, Any], around: Surroundings, found: list[dict[str, Any]]
) -> list[str]:
    """Ports that nobody chose (published with -P), and those that the image, which declares its ports, does not."""
    if host.get("PublishAllPorts"):
        return [ports.shown(row) for row in found]
    declared = (around.images.get(str(container.get("Image"))) or {}).get("exposed_ports") or ()
    if not declared:
        return []
    return [ports.shown(row) for row in found if f"{row['container_port']}/{row['protocol']}" not in declared]


def resolve_joined(containers: list[Facts]) -> None:
    """Follow `container:ID`: who joins the namespace of a container in the host's namespace is there too."""
    by_name = {key: facts for facts in containers for key in (facts.get("full_id"), facts["subject"]["name"])}
    for facts in containers:
        for name in _NAMESPACES if "namespaces" in facts else ():
            facts[f"host_{name}"] = _ends_at_host(facts, name, by_name)


def _ends_at_host(facts: Facts, name: str, by_name: Mapping[Any, Facts]) -> bool:
    seen = []
    while "namespaces" in facts and facts not in seen:
        seen.append(facts)
        mode = facts["namespaces"][name]
        if not mode.startswith("container:"):
            return bool(mode == "host")
        facts = by_name.get(mode.partition(":")[2], {})
    return False
