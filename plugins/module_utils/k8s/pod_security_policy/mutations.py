# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PodSecurityPolicy sets in pods, in plain sentences: nothing does so once the policy is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    se_linux_options,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    APPARMOR_DEFAULT,
    SECCOMP_DEFAULT,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    annotations_of,
)

Object = Mapping[str, Any]
_ASSIGNED = {
    "runAsUser": "the user {id} to containers that name none",
    "runAsGroup": "the group {id} to containers that name none",
    "fsGroup": "the fsGroup {id} to pods that name none",
    "supplementalGroups": "the supplemental group {id} to pods that name none",
}


def mutations(policy: Object) -> Iterator[tuple[str, str]]:
    """(field of the policy, sentence) of everything that it sets."""
    spec, annotations = policy.get("spec") or {}, annotations_of(policy)
    yield from _assigned(spec)
    yield from _capabilities(spec)
    yield from _flags(spec)
    label = se_linux_options(spec)
    if label and any(label.values()):
        said = ", ".join(f"{key} {value}" for key, value in sorted(label.items()) if value)
        yield "seLinux", f"it gave the SELinux {said} to pods that name no label; they must name it now"
    if annotations.get(SECCOMP_DEFAULT):
        yield "seccomp", f"it gave the seccomp profile {annotations[SECCOMP_DEFAULT]} to pods that name none"
    if annotations.get(APPARMOR_DEFAULT):
        yield "apparmor", f"it gave the AppArmor profile {annotations[APPARMOR_DEFAULT]} to containers that name none"
    runtime_class = (spec.get("runtimeClass") or {}).get("defaultRuntimeClassName")
    if runtime_class:
        yield (
            "runtimeClass",
            f"it gave the RuntimeClass {runtime_class} to pods that name none; they run without it now",
        )


def _assigned(spec: Object) -> Iterator[tuple[str, str]]:
    for field, gave in _ASSIGNED.items():
        strategy = spec.get(field) or {}
        ranges = strategy.get("ranges") or ()
        if strategy.get("rule") == "MustRunAs" and ranges:
            yield field, f"it gave {gave.format(id=ranges[0]['min'])}; they must name one now"
    if (spec.get("runAsUser") or {}).get("rule") == "MustRunAsNonRoot":
        yield "runAsUser", "it set runAsNonRoot in containers that name no user; they must set it now"


def _capabilities(spec: Object) -> Iterator[tuple[str, str]]:
    added, dropped = (spec.get(field) or () for field in ("defaultAddCapabilities", "requiredDropCapabilities"))
    if added:
        yield "defaultAddCapabilities", f"it added {', '.join(added)} to containers; they have to add it now"
    if dropped:
        yield "requiredDropCapabilities", f"it dropped {', '.join(dropped)} from containers; they must drop it now"


def _flags(spec: Object) -> Iterator[tuple[str, str]]:
    if spec.get("readOnlyRootFilesystem"):
        yield "readOnlyRootFilesystem", "it set readOnlyRootFilesystem in containers that do not say; they must now"
    if spec.get("allowPrivilegeEscalation") is False:
        yield (
            "allowPrivilegeEscalation",
            "it set the field to false in containers that do not say; they must now",
        )
    default = spec.get("defaultAllowPrivilegeEscalation")
    if default is not None:
        value = str(default).lower()
        yield (
            "defaultAllowPrivilegeEscalation",
            f"it set allowPrivilegeEscalation to {value} in containers that do not say",
        )
