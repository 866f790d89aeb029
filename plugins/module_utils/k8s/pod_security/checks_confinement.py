# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what confines a pod: seccomp, AppArmor, SELinux, masked /proc. Each yields the faults of a pod."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Holder, Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

POD_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
CONTAINER_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_CONFINED = ("RuntimeDefault", "Localhost")


def seccomp_annotations(pod: Pod) -> Iterator[Fault]:
    """Before 1.19 a profile was named by annotations, of the pod and of each container."""
    names = {POD_SECCOMP: "", **{f"{CONTAINER_SECCOMP}{each.name}": each.name for each in pod.containers}}
    for annotation, container in names.items():
        value = pod.annotations.get(annotation)
        if value is not None and not _seccomp_annotation_allowed(value):
            yield Fault(f"metadata.annotations[{annotation}]", container, value or '""')


def _seccomp_annotation_allowed(value: str) -> bool:
    return value in ("runtime/default", "docker/default") or value.startswith("localhost/")


def seccomp_unconfined(pod: Pod) -> Iterator[Fault]:
    """Profiles that are none."""
    for holder in pod.holders:
        yield from _bad_profile(holder, "seccompProfile")


def seccomp_unset(pod: Pod) -> Iterator[Fault]:
    """Profiles that are none, and containers for which neither they nor their pod name one."""
    yield from seccomp_unconfined(pod)
    shared = pod.itself.context.get("seccompProfile") or {}
    for container in pod.containers:
        if "seccompProfile" not in container.context and shared.get("type") not in _CONFINED:
            yield container.context_fault("seccompProfile.type")


def app_armor(pod: Pod) -> Iterator[Fault]:
    """Profiles that are none, by field or by the annotation that came before it."""
    for holder in pod.holders:
        yield from _bad_profile(holder, "appArmorProfile")
    for name, value in pod.annotations.items():
        if name.startswith(CONTAINER_APPARMOR) and not _app_armor_annotation_allowed(value):
            yield Fault(f"metadata.annotations[{name}]", name[len(CONTAINER_APPARMOR) :], value)


def _app_armor_annotation_allowed(value: str) -> bool:
    return value in ("", "runtime/default") or value.startswith("localhost/")


def _bad_profile(holder: Holder, field: str) -> Iterator[Fault]:
    profile = holder.context.get(field)
    if profile is not None and profile.get("type") not in _CONFINED:
        yield holder.context_fault(f"{field}.type", profile.get("type"))


def se_linux(pod: Pod, allowed: Collection[str]) -> Iterator[Fault]:
    """Types that are not among those for containers, and any user or role."""
    for holder in pod.holders:
        options = holder.context.get("seLinuxOptions") or {}
        if options.get("type") and options["type"] not in allowed:
            yield holder.context_fault("seLinuxOptions.type", options["type"])
        for field in ("user", "role"):
            if options.get(field):
                yield holder.context_fault(f"seLinuxOptions.{field}", options[field])


def proc_mount(pod: Pod) -> Iterator[Fault]:
    """A /proc with nothing masked."""
    for container in pod.containers:
        kind = container.context.get("procMount")
        if kind is not None and kind != "Default":
            yield container.context_fault("procMount", kind)
