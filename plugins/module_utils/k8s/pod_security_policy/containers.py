# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PodSecurityPolicy refuses in a container. Each check yields the policy's own field names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    APPARMOR_ALLOWED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    CONTAINER_APPARMOR,
    CONTAINER_SECCOMP,
    POD_SECCOMP,
    annotations_of,
    containers,
    context,
    effective,
    seccomp_profile,
    spec_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pods import (
    group_refused,
    in_ranges,
    se_linux_refused,
    seccomp_allowed,
)

Object = Mapping[str, Any]


def container_refusals(policy: Object, pod: Object) -> Iterator[str]:
    """The fields of the policy that refuse any container of the pod, which has the policy's defaults by now."""
    rules = policy.get("spec") or {}
    for container in containers(pod):
        yield from _identity(rules, pod, container)
        yield from _profiles(policy, pod, container)
        yield from _privileges(rules, context(container))
        if not all(_port_allowed(rules, port) for port in container.get("ports") or ()):
            yield "hostPorts"


def _identity(rules: Object, pod: Object, container: Object) -> Iterator[str]:
    if _user_refused(rules, effective(pod, container, "runAsUser"), effective(pod, container, "runAsNonRoot")):
        yield "runAsUser"
    group = effective(pod, container, "runAsGroup")
    if group_refused(rules.get("runAsGroup"), [] if group is None else [group]):
        yield "runAsGroup"
    if se_linux_refused(rules, effective(pod, container, "seLinuxOptions")):
        yield "seLinux"


def _user_refused(rules: Object, user: int | None, non_root: bool | None) -> bool:
    strategy = rules.get("runAsUser") or {}
    if strategy.get("rule") == "MustRunAs":
        return user is None or not in_ranges(user, strategy.get("ranges"))
    if strategy.get("rule") == "MustRunAsNonRoot":
        return non_root is False or user == 0 or (non_root is None and user is None)
    return False


def _profiles(policy: Object, pod: Object, container: Object) -> Iterator[str]:
    allowed = annotations_of(policy).get(APPARMOR_ALLOWED)
    profile = annotations_of(pod).get(f"{CONTAINER_APPARMOR}{container.get('name')}") or ""
    if allowed is not None and profile not in str(allowed).split(","):
        yield "apparmor"
    if not seccomp_allowed(policy, _seccomp(pod, container)):
        yield "seccomp"


def _seccomp(pod: Object, container: Object) -> str:
    annotation = annotations_of(pod).get(f"{CONTAINER_SECCOMP}{container.get('name')}")
    own = context(container).get("seccompProfile")
    if own:
        return seccomp_profile(own)
    if annotation is not None:
        return str(annotation)
    shared = context(spec_of(pod)).get("seccompProfile")
    return seccomp_profile(shared) if shared else str(annotations_of(pod).get(POD_SECCOMP) or "")


def _privileges(rules: Object, own: Object) -> Iterator[str]:
    if own.get("privileged") and not rules.get("privileged"):
        yield "privileged"
    if (own.get("procMount") or "Default") not in (rules.get("allowedProcMountTypes") or ("Default",)):
        yield "allowedProcMountTypes"
    allowed = {*(rules.get("allowedCapabilities") or ()), *(rules.get("defaultAddCapabilities") or ())}
    if "*" not in allowed and not set((own.get("capabilities") or {}).get("add") or ()) <= allowed:
        yield "allowedCapabilities"
    if rules.get("readOnlyRootFilesystem") and not own.get("readOnlyRootFilesystem"):
        yield "readOnlyRootFilesystem"
    if rules.get("allowPrivilegeEscalation") is False and own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"


def _port_allowed(rules: Object, port: Object) -> bool:
    number = port.get("hostPort") or 0
    return not number or in_ranges(number, rules.get("hostPorts"))
