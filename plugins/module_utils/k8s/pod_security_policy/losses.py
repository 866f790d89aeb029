# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is different once a Pod Security level and CEL rules have taken the place of a PodSecurityPolicy.

Three effects: `mutation` (the policy set it in pods, nothing does any more), `stricter` (pods are refused that the
policy let in) and `looser` (pods are let in that the policy refused).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    se_linux_options,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.identity import (
    MOST_CATEGORIES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    APPARMOR_ALLOWED,
    SECCOMP_ALLOWED,
    SECCOMP_DEFAULT,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.mutations import (
    mutations,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    annotations_of,
)

Object = Mapping[str, Any]
# The minor versions of the standards since when levels look at the hosts of probes, and trust user namespaces.
_PROBE_HOSTS, _USER_NAMESPACES = 34, 35


@dataclass(frozen=True)
class Difference:
    """field: of the policy, or the part of a pod that no policy looks at. effect: mutation, stricter or looser."""

    field: str
    effect: str
    message: str


def differences(policy: Object, level: str, kept: frozenset[str], minor: int) -> tuple[Difference, ...]:
    """All differences. kept: the fields of the policy whose rule stays as CEL beside the level.

    minor: the version of the standards; what comes with a later one is left out.
    """
    found = [Difference(field, "mutation", message) for field, message in mutations(policy)]
    found += [Difference(field, "stricter", message) for field, message in _stricter(policy, level, minor)]
    found += [Difference(field, "looser", message) for field, message in _looser(policy, level, kept, minor)]
    return tuple(found)


def _names(policy: Object, annotation: str) -> list[str] | None:
    allowed = annotations_of(policy).get(annotation)
    return None if allowed is None else str(allowed).split(",")


def _stricter(policy: Object, level: str, minor: int) -> Iterator[tuple[str, str]]:
    spec = policy.get("spec") or {}
    if "*" not in (_names(policy, SECCOMP_ALLOWED) or ["*"]):
        yield "seccomp", "a profile that a pod names by annotation no longer counts; it must be in seccompProfile"
    level_text = str((se_linux_options(spec) or {}).get("level") or "")
    if len(level_text.split(",")) > MOST_CATEGORIES:
        yield "seLinux", f"the categories of the level {level_text} must stand in this order"
    if level != "privileged":
        yield from _stricter_than_baseline(policy, spec, minor)
    if level == "restricted":
        yield from _stricter_than_restricted(policy)


def _stricter_than_baseline(policy: Object, spec: Object, minor: int) -> Iterator[tuple[str, str]]:
    if se_linux_options(spec) is None:
        yield "seLinux", "pods that set an SELinux user or role, or a type that is not for containers, are refused"
    seccomp = _names(policy, SECCOMP_ALLOWED) or []
    if {"*", "unconfined"} & set(seccomp):
        yield "seccomp", "pods with the seccomp profile Unconfined are refused"
    apparmor = _names(policy, APPARMOR_ALLOWED)
    if apparmor is None or "unconfined" in apparmor:
        yield "apparmor", "pods with the AppArmor profile unconfined are refused"
    yield "windowsOptions", "Windows pods with hostProcess are refused; no PodSecurityPolicy looks at it"
    if minor >= _PROBE_HOSTS:
        yield "probeHost", "probes and lifecycle hooks with a host are refused; no PodSecurityPolicy looks at them"


def _stricter_than_restricted(policy: Object) -> Iterator[tuple[str, str]]:
    seccomp = _names(policy, SECCOMP_ALLOWED)
    if seccomp is None or "*" in seccomp:
        yield "seccomp", "pods without the seccomp profile RuntimeDefault or Localhost are refused"
    yield "runAsUser", "pods must set runAsNonRoot to true even where they name a user, and must not name root anywhere"
    if (policy.get("spec") or {}).get("requiredDropCapabilities"):
        yield "requiredDropCapabilities", "containers must drop ALL, even where they drop each capability by its name"


def _looser(policy: Object, level: str, kept: frozenset[str], minor: int) -> Iterator[tuple[str, str]]:
    yield from _looser_profiles(policy)
    if "allowedUnsafeSysctls" not in kept and level != "privileged":
        yield "allowedUnsafeSysctls", "sysctls can be set that later versions count as safe"
    if "allowedProcMountTypes" not in kept:
        if level == "privileged":
            yield "allowedProcMountTypes", "pods can have an unmasked /proc; they can be privileged anyway"
        elif minor >= _USER_NAMESPACES:
            yield "allowedProcMountTypes", "pods with hostUsers false can have an unmasked /proc"
    if level == "restricted" and "runAsUser" not in kept and minor >= _USER_NAMESPACES:
        yield "runAsUser", "pods with hostUsers false can run as their own root"
    if level != "privileged" and "volumes" not in kept:
        yield "volumes", "volumes can be of types that no PodSecurityPolicy knows, such as image"


def _looser_profiles(policy: Object) -> Iterator[tuple[str, str]]:
    allowed = annotations_of(policy).get(SECCOMP_ALLOWED)
    if not allowed:
        yield "seccomp", "pods can name a seccomp profile, which the policy forbids altogether"
    elif "*" not in str(allowed).split(","):
        yield "seccomp", "a profile that a pod names by annotation is not judged, for it no longer counts"
        if not annotations_of(policy).get(SECCOMP_DEFAULT):
            yield "seccomp", "a pod need not name a profile where each of its containers does"
