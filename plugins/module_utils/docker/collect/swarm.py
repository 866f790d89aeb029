# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scopes `swarm` and `service`: the cluster as a manager tells it, and what this node added."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    EngineStatus,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.certificate_dates import (
    CertificateError,
    validities,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import (
    secrets_in_command,
    secrets_in_env,
)

Facts = dict[str, Any]

_DAY_IN_NANOSECONDS = 86_400 * 10**9
_CLUSTER_FACTS = (
    "auto_lock",
    "node_certificate_days",
    "root_ca_age_days",
    "root_ca_rotation_in_progress",
    "managers",
)


def swarm_active(info: Mapping[str, Any]) -> bool:
    """Whether the node is part of a swarm, be it locked or at fault."""
    return (info.get("Swarm") or {}).get("LocalNodeState") not in (None, "", "inactive")


def collect_swarm(
    engine: Engine,
    process: DaemonProcess | None,
    view: DaemonView | None = None,
    now: datetime | None = None,
) -> list[Facts]:
    """One subject where the node is in a swarm, none otherwise.

    {manager, state, managers, auto_lock, node_certificate_days, root_ca_age_days, root_ca_rotation_in_progress,
    listen_address, listens_everywhere, advertise_address, data_path_address, data_path_separate}; what only a manager
    knows is `unknown` on a worker. Raises DockerError where the engine does not answer.
    """
    seen = view or view_daemon(engine, process)
    if not swarm_active(seen.info):
        return []
    swarm = seen.info["Swarm"]
    facts: Facts = {
        "subject": {"kind": "swarm", "name": _name(swarm)},
        "unknown": {},
        "state": swarm.get("LocalNodeState"),
        "manager": bool(swarm.get("ControlAvailable")),
    }
    for more in (_cluster(engine, now or datetime.now(timezone.utc)), _addresses(seen)):
        facts["unknown"].update(more.pop("unknown", {}))
        facts.update(more)
    return [facts]


def collect_services(engine: Engine, info: Mapping[str, Any]) -> list[Facts]:
    """A subject for every service: {secret_env: [{name, kind, fingerprint}], secrets, published_ports}.

    `secret_env` holds what its environment, command and health check give away; secret values are fingerprints.
    Empty where there is no swarm. Raises DockerError on a node that is no manager.
    """
    if not swarm_active(info):
        return []
    if not info["Swarm"].get("ControlAvailable"):
        raise DockerError("Only a manager of the swarm knows its services: audit one of them")
    return [_service(service) for service in engine.get("/services") or ()]


def _service(service: Mapping[str, Any]) -> Facts:
    spec = service.get("Spec") or {}
    container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
    check = (container.get("Healthcheck") or {}).get("Test")
    words = (word for words in (container.get("Command"), container.get("Args"), check) for word in words or ())
    command = " ".join(str(word) for word in words)
    ports = (service.get("Endpoint") or {}).get("Ports") or ()
    return {
        "subject": {"kind": "service", "name": str(spec.get("Name"))},
        "image": container.get("Image"),
        "secret_env": [*secrets_in_env(container.get("Env")), *secrets_in_command(command)],
        "secrets": sorted(str(secret.get("SecretName")) for secret in container.get("Secrets") or ()),
        "published_ports": sorted(port["PublishedPort"] for port in ports if port.get("PublishedPort")),
    }


def _name(swarm: Mapping[str, Any]) -> str:
    return str((swarm.get("Cluster") or {}).get("ID") or "swarm")


def _cluster(engine: Engine, now: datetime) -> Facts:
    """What a manager says of the cluster; on any other node, why it is not known."""
    try:
        cluster = engine.get("/swarm")
        nodes = engine.get("/nodes")
    except EngineStatus as exc:
        reason = f"only a manager of the swarm tells ({exc})"
        return {"unknown": dict.fromkeys(_CLUSTER_FACTS, reason)}
    spec = cluster.get("Spec") or {}
    return {
        "managers": sum(1 for node in nodes if (node.get("Spec") or {}).get("Role") == "manager"),
        "auto_lock": bool((spec.get("EncryptionConfig") or {}).get("AutoLockManagers")),
        "node_certificate_days": _days((spec.get("CAConfig") or {}).get("NodeCertExpiry")),
        "root_ca_rotation_in_progress": bool(cluster.get("RootRotationInProgress")),
        **_root_ca(str((cluster.get("TLSInfo") or {}).get("TrustRoot") or ""), now),
    }


def _days(nanoseconds: Any) -> float | None:
    return round(nanoseconds / _DAY_IN_NANOSECONDS, 2) if isinstance(nanoseconds, int) else None


def _root_ca(pem: str, now: datetime) -> Facts:
    """{root_ca_age_days, root_ca_not_before, root_ca_not_after} of the newest root that nodes trust."""
    try:
        newest = max(validities(pem), key=lambda validity: validity.not_before)
    except CertificateError as exc:
        return {"unknown": {"root_ca_age_days": f"the root CA of the swarm cannot be read: {exc}"}}
    return {
        "root_ca_age_days": (now - newest.not_before).days,
        "root_ca_not_before": newest.not_before.isoformat(),
        "root_ca_not_after": newest.not_after.isoformat(),
    }


def _addresses(view: DaemonView) -> Facts:
    """The addresses that this node was given at `swarm init` or `swarm join`, from the daemon's own record of them."""
    names = ("listen_address", "listens_everywhere", "data_path_separate")
    if view.process is None:
        return {"unknown": dict.fromkeys(names, view.process_missing)}
    root = re.sub(r"/\d+\.\d+$", "", str(view.info.get("DockerRootDir"))) if _remapped(view) else ""
    folders = [str(view.info.get("DockerRootDir")), root]
    for folder in filter(None, folders):
        record = _record(view.process.path(f"{folder}/swarm/docker-state.json"))
        if record is not None:
            return _address_facts(record, (view.info.get("Swarm") or {}).get("NodeAddr"))
    reason = (
        f"the swarm's record below {view.info.get('DockerRootDir')}/swarm cannot be read; run as root (become: true)"
    )
    return {"unknown": dict.fromkeys(names, reason)}


def _remapped(view: DaemonView) -> bool:
    return "name=userns" in (view.info.get("SecurityOptions") or ())


def _record(path: str) -> Facts | None:
    try:
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _address_facts(record: Mapping[str, Any], node_address: Any) -> Facts:
    listen = host_of(str(record.get("ListenAddr") or "0.0.0.0:2377"))
    advertise = host_of(str(record.get("AdvertiseAddr") or "")) or str(node_address or "")
    data_path = host_of(str(record.get("DataPathAddr") or ""))
    return {
        "listen_address": listen,
        "listens_everywhere": _unspecified(listen),
        "advertise_address": advertise,
        "data_path_address": data_path or None,
        "data_path_separate": bool(data_path) and data_path not in (advertise, str(node_address or "")),
    }


def host_of(address: str) -> str:
    """The host of "host:port", "[v6]:port", or of a host or interface alone."""
    match = re.fullmatch(r"\[([^\]]*)\](?::\d+)?|([^:]*)(?::\d+)?", address)
    if not match:
        return address  # a bare IPv6 address
    return match.group(1) if match.group(1) is not None else match.group(2)


def _unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""  # the name of an interface binds to that interface
