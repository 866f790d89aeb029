# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pod Security Standards as PodSecurityPolicies: what each level lets a pod have.

A PodSecurityPolicy has no way to say "unset, or one of these". Where a level says so, the policy here gives pods the
safe value (seccomp), asks for the empty one (SELinux), or leaves the matter open (AppArmor: a node without it would not
start a pod that names a profile). Fields that are false are left out, because the API server does not store them.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import standards

LEVELS = ("privileged", "baseline", "restricted")
SECCOMP_ALLOWED = "seccomp.security.alpha.kubernetes.io/allowedProfileNames"
SECCOMP_DEFAULT = "seccomp.security.alpha.kubernetes.io/defaultProfileName"
APPARMOR_ALLOWED = "apparmor.security.beta.kubernetes.io/allowedProfileNames"
APPARMOR_DEFAULT = "apparmor.security.beta.kubernetes.io/defaultProfileName"

# What containers get from Docker when they ask for nothing, without NET_RAW, which lets a pod forge packets.
BASELINE_CAPABILITIES = tuple(sorted(standards.BASELINE_CAPABILITIES))
RESTRICTED_VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
BASELINE_VOLUMES = (
    *RESTRICTED_VOLUMES,
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephFS",
    "cinder",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
)
_ANY: dict[str, Any] = {"rule": "RunAsAny"}
_RUNTIME_DEFAULT = {SECCOMP_ALLOWED: "runtime/default,docker/default", SECCOMP_DEFAULT: "runtime/default"}
_BASELINE: dict[str, Any] = {
    "allowedCapabilities": list(BASELINE_CAPABILITIES),
    "allowPrivilegeEscalation": True,
    "fsGroup": _ANY,
    "runAsGroup": _ANY,
    "runAsUser": _ANY,
    # Empty options: the runtime chooses the label, and no pod can ask for another.
    "seLinux": {"rule": "MustRunAs", "seLinuxOptions": {}},
    "supplementalGroups": _ANY,
    "volumes": list(BASELINE_VOLUMES),
}
_SPECS: dict[str, dict[str, Any]] = {
    "privileged": {
        "allowedCapabilities": ["*"],
        "allowedUnsafeSysctls": ["*"],
        "allowPrivilegeEscalation": True,
        "fsGroup": _ANY,
        "hostIPC": True,
        "hostNetwork": True,
        "hostPID": True,
        "hostPorts": [{"min": 0, "max": 65535}],
        "privileged": True,
        "runAsGroup": _ANY,
        "runAsUser": _ANY,
        "seLinux": _ANY,
        "supplementalGroups": _ANY,
        "volumes": ["*"],
    },
    "baseline": _BASELINE,
    "restricted": {
        **_BASELINE,
        "allowedCapabilities": ["NET_BIND_SERVICE"],
        "allowPrivilegeEscalation": False,
        "requiredDropCapabilities": ["ALL"],
        "runAsUser": {"rule": "MustRunAsNonRoot"},
        "volumes": list(RESTRICTED_VOLUMES),
    },
}
_ANNOTATIONS = {"privileged": {SECCOMP_ALLOWED: "*"}, "baseline": _RUNTIME_DEFAULT, "restricted": _RUNTIME_DEFAULT}
SPEC_FIELDS = frozenset(
    {
        "allowPrivilegeEscalation",
        "allowedCSIDrivers",
        "allowedCapabilities",
        "allowedFlexVolumes",
        "allowedHostPaths",
        "allowedProcMountTypes",
        "allowedUnsafeSysctls",
        "defaultAddCapabilities",
        "defaultAllowPrivilegeEscalation",
        "forbiddenSysctls",
        "fsGroup",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "hostPorts",
        "privileged",
        "readOnlyRootFilesystem",
        "requiredDropCapabilities",
        "runAsGroup",
        "runAsUser",
        "runtimeClass",
        "seLinux",
        "supplementalGroups",
        "volumes",
    }
)


def pod_security_policy(name: str, level: str, additions: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A PodSecurityPolicy of this level.

    additions: {"spec": {field: value, …}, "annotations": {…}}; each field takes the place of the level's own.
    Raises K8sError for a level or a field that does not exist.
    """
    if level not in LEVELS:
        raise K8sError(f"{level!r} is no level of the Pod Security Standards; use one of {', '.join(LEVELS)}")
    wanted = additions or {}
    spec = {**_SPECS[level], **_known_fields(level, wanted.get("spec") or {})}
    annotations = {**_ANNOTATIONS[level], **(wanted.get("annotations") or {})}
    return {
        "apiVersion": "policy/v1beta1",
        "kind": "PodSecurityPolicy",
        "metadata": {"name": name, "annotations": annotations},
        "spec": copy.deepcopy({field: value for field, value in sorted(spec.items()) if _is_stored(field, value)}),
    }


def _known_fields(level: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(set(fields) - SPEC_FIELDS)
    if unknown:
        raise K8sError(
            f"The policy of level {level} cannot have {', '.join(unknown)}: no PodSecurityPolicy has that field"
        )
    return fields


def _is_stored(field: str, value: object) -> bool:
    """Whether the API server keeps it: false and empty are the same as unset, but for two fields."""
    return field in ("allowPrivilegeEscalation", "defaultAllowPrivilegeEscalation") or bool(value)
