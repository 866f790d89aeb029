# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what a pod shares with its node. Each yields the faults of a pod."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Holder, Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_HANDLERS = ("httpGet", "tcpSocket")


def host_namespaces(pod: Pod) -> Iterator[Fault]:
    """The node's network, processes or IPC."""
    for field in _NAMESPACES:
        if pod.spec.get(field):
            yield Fault(f"spec.{field}", value=field)


def host_ports(pod: Pod) -> Iterator[Fault]:
    """Ports of the node."""
    for container in pod.containers:
        for number, port in enumerate(container.body.get("ports") or ()):
            if port.get("hostPort"):
                yield container.fault(f"ports[{number}].hostPort", port["hostPort"])


def host_path_volumes(pod: Pod) -> Iterator[Fault]:
    """Files of the node."""
    for number, volume in enumerate(pod.spec.get("volumes") or ()):
        if "hostPath" in volume:
            yield Fault(f"spec.volumes[{number}].hostPath", value=volume.get("name"))


def restricted_volumes(pod: Pod, allowed: Collection[str]) -> Iterator[Fault]:
    """Volumes of another type. One without a source is an emptyDir: the API server makes it so before admission."""
    for number, volume in enumerate(pod.spec.get("volumes") or ()):
        for source in volume:
            if source != "name" and source not in allowed:
                yield Fault(f"spec.volumes[{number}].{source}", value=source)


def host_probes(pod: Pod) -> Iterator[Fault]:
    """Another host that the kubelet is made to call."""
    for container in pod.containers:
        for probe in _PROBES:
            yield from _hosts(container, probe)
        for hook in _HOOKS:
            yield from _hosts(container, "lifecycle", hook)


def _hosts(container: Holder, *path: str) -> Iterator[Fault]:
    handlers = container.body
    for part in path:
        handlers = handlers.get(part) or {}
    for kind in _HANDLERS:
        host = (handlers.get(kind) or {}).get("host")
        if host:
            yield container.fault(".".join((*path, kind, "host")), host)


def host_process(pod: Pod) -> Iterator[Fault]:
    """Windows containers that run on the node itself."""
    for holder in pod.holders:
        if (holder.context.get("windowsOptions") or {}).get("hostProcess"):
            yield holder.context_fault("windowsOptions.hostProcess")


def sysctls(pod: Pod, allowed: Collection[str]) -> Iterator[Fault]:
    """Kernel parameters that reach beyond the pod."""
    for number, sysctl in enumerate(pod.itself.context.get("sysctls") or ()):
        if sysctl.get("name") not in allowed:
            yield pod.itself.context_fault(f"sysctls[{number}].name", sysctl.get("name"))
