# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Pod Security level a PodSecurityPolicy corresponds to: the strictest one that its pods have reason to meet.

A level is ruled out by what the policy lets pods ask for, and by what it leaves to them although the level asks for it.
Matters that a PodSecurityPolicy hardly ever decides do not rule a level out and are told as differences: the profiles
of seccomp and AppArmor, and SELinux where the policy has no say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    se_linux_options,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    APPARMOR_ALLOWED,
    BASELINE_CAPABILITIES,
    RESTRICTED_VOLUMES,
    SECCOMP_ALLOWED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pod_parts import (
    annotations_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.pods import (
    SAFE_SYSCTLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.rules import (
    capabilities_of,
)

Object = Mapping[str, Any]
# Says why the level is out of reach, or "".
Obstacle = Callable[[Object], str]
_SE_LINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t")


def level_of(policy: Object) -> tuple[str, dict[str, str]]:
    """The level, and what keeps the policy from the next stricter one: {field: why}."""
    baseline = _found(_BASELINE, policy)
    if baseline:
        return "privileged", baseline
    restricted = _found(_RESTRICTED, policy)
    return ("baseline", restricted) if restricted else ("restricted", {})


def _found(obstacles: Mapping[str, Obstacle], policy: Object) -> dict[str, str]:
    said = {field: obstacle(policy) for field, obstacle in obstacles.items()}
    return {field: why for field, why in said.items() if why}


def _spec(policy: Object) -> Object:
    return policy.get("spec") or {}


def _switched_on(field: str, what: str) -> Obstacle:
    return lambda policy: f"it allows {what}" if _spec(policy).get(field) else ""


def _host_ports(policy: Object) -> str:
    return "it allows ports of the host" if any(row["max"] > 0 for row in _spec(policy).get("hostPorts") or ()) else ""


def _capabilities_beyond(known: tuple[str, ...]) -> Obstacle:
    def obstacle(policy: Object) -> str:
        beyond = sorted(set(capabilities_of(_spec(policy))) - set(known))
        return f"it allows to add {', '.join(beyond)}" if beyond else ""

    return obstacle


def _host_paths(policy: Object) -> str:
    return "it allows hostPath volumes" if {"hostPath", "*"} & set(_spec(policy).get("volumes") or ()) else ""


def _volume_types(policy: Object) -> str:
    beyond = sorted(set(_spec(policy).get("volumes") or ()) - {*RESTRICTED_VOLUMES, "none"})
    return f"it allows volumes of the types {', '.join(beyond)}" if beyond else ""


def _proc_mounts(policy: Object) -> str:
    beyond = set(_spec(policy).get("allowedProcMountTypes") or ()) - {"Default"}
    return "it allows an unmasked /proc" if beyond else ""


def _sysctls(policy: Object) -> str:
    beyond = sorted(set(_spec(policy).get("allowedUnsafeSysctls") or ()) - SAFE_SYSCTLS)
    return f"it allows the sysctls {', '.join(beyond)}" if beyond else ""


def _se_linux(policy: Object) -> str:
    wanted = se_linux_options(_spec(policy)) or {}
    if wanted.get("user") or wanted.get("role") or (wanted.get("type") or "") not in _SE_LINUX_TYPES:
        return "it gives pods an SELinux user, role or type that the level refuses"
    return ""


def _only_unconfined(annotation: str) -> Obstacle:
    def obstacle(policy: Object) -> str:
        names = annotations_of(policy).get(annotation)
        return "it allows no profile but unconfined" if names and set(str(names).split(",")) == {"unconfined"} else ""

    return obstacle


def _may_be_root(policy: Object) -> str:
    strategy = _spec(policy).get("runAsUser") or {}
    if strategy.get("rule") == "MustRunAsNonRoot":
        return ""
    ranges = strategy.get("ranges") or ()
    if strategy.get("rule") == "MustRunAs" and all(row["min"] > 0 for row in ranges):
        return ""
    return "it allows the user root"


def _keeps_capabilities(policy: Object) -> str:
    dropped = _spec(policy).get("requiredDropCapabilities") or ()
    return "" if "ALL" in dropped else "it does not take all capabilities away"


def _escalates(policy: Object) -> str:
    return "" if _spec(policy).get("allowPrivilegeEscalation") is False else "it allows privilege escalation"


_BASELINE: dict[str, Obstacle] = {
    "privileged": _switched_on("privileged", "privileged containers"),
    "hostNetwork": _switched_on("hostNetwork", "the network of the host"),
    "hostPID": _switched_on("hostPID", "the processes of the host"),
    "hostIPC": _switched_on("hostIPC", "the IPC of the host"),
    "hostPorts": _host_ports,
    "allowedCapabilities": _capabilities_beyond(BASELINE_CAPABILITIES),
    "volumes": _host_paths,
    "allowedProcMountTypes": _proc_mounts,
    "allowedUnsafeSysctls": _sysctls,
    "seLinux": _se_linux,
    "seccomp": _only_unconfined(SECCOMP_ALLOWED),
    "apparmor": _only_unconfined(APPARMOR_ALLOWED),
}
_RESTRICTED: dict[str, Obstacle] = {
    "allowedCapabilities": _capabilities_beyond(("NET_BIND_SERVICE",)),
    "requiredDropCapabilities": _keeps_capabilities,
    "volumes": _volume_types,
    "runAsUser": _may_be_root,
    "allowPrivilegeEscalation": _escalates,
}
