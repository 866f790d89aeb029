# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what the processes of a pod may do, and as whom. Each yields the faults of a pod."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault


def privileged(pod: Pod) -> Iterator[Fault]:
    """Containers that may do whatever root of the node may."""
    for container in pod.containers:
        if container.context.get("privileged"):
            yield container.context_fault("privileged")


def added_capabilities(pod: Pod, allowed: Collection[str]) -> Iterator[Fault]:
    """Capabilities beyond those that are allowed."""
    for container in pod.containers:
        for name in (container.context.get("capabilities") or {}).get("add") or ():
            if name not in allowed:
                yield container.context_fault("capabilities.add", name)


def kept_capabilities(pod: Pod, allowed: Collection[str]) -> Iterator[Fault]:
    """Containers that do not drop all of them, and what they add beyond those that are allowed."""
    for container in pod.containers:
        if "ALL" not in ((container.context.get("capabilities") or {}).get("drop") or ()):
            yield container.context_fault("capabilities.drop")
    yield from added_capabilities(pod, allowed)


def privilege_escalation(pod: Pod) -> Iterator[Fault]:
    """Containers in which a setuid program gives more than one had."""
    for container in pod.containers:
        if container.context.get("allowPrivilegeEscalation") is not False:
            yield container.context_fault("allowPrivilegeEscalation")


def run_as_non_root(pod: Pod) -> Iterator[Fault]:
    """Containers that may be root's, and whoever says so in as many words."""
    shared = pod.itself.context.get("runAsNonRoot")
    if shared is False:
        yield pod.itself.context_fault("runAsNonRoot")
    for container in pod.containers:
        if not container.context.get("runAsNonRoot", shared):
            yield container.context_fault("runAsNonRoot")


def run_as_user(pod: Pod) -> Iterator[Fault]:
    """The user 0."""
    for holder in pod.holders:
        if holder.context.get("runAsUser") == 0:
            yield holder.context_fault("runAsUser")
