# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every field of a PodSecurityPolicy, with pods that it lets in and pods that it refuses."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECCOMP = "seccomp.security.alpha.kubernetes.io/"
APPARMOR = "apparmor.security.beta.kubernetes.io/"
CONTAINER_APPARMOR = "container.apparmor.security.beta.kubernetes.io/app"
CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/app"
_ANY = {"rule": "RunAsAny"}
# Says as little as a policy can: what is left refuses only what no field of it allows.
_PLAIN = {"runAsUser": _ANY, "runAsGroup": _ANY, "fsGroup": _ANY, "supplementalGroups": _ANY, "seLinux": _ANY}
RANGES = [{"min": 1000, "max": 1999}, {"min": 3000, "max": 3000}]
LABEL = {"user": "u", "role": "r", "type": "container_t", "level": "s0:c1,c2"}


@dataclass(frozen=True)
class PspCase:
    """A policy by what it says beyond the plain one, and pods by what they say beyond the plainest one.

    refused_by: the name under which a refusal is told. A pod is {pod: spec fields, container: fields of its container,
    annotations}.
    """

    name: str
    refused_by: str
    spec: Mapping[str, Any]
    allowed: Sequence[Mapping[str, Any]]
    refused: Sequence[Mapping[str, Any]]
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> dict[str, Any]:
        """The PodSecurityPolicy, named as the case."""
        annotations = {f"{SECCOMP}allowedProfileNames": "*", **self.annotations}
        kept = {key: value for key, value in annotations.items() if value}
        return {
            "apiVersion": "policy/v1beta1",
            "kind": "PodSecurityPolicy",
            "metadata": {"name": self.name, "annotations": kept},
            "spec": {**_PLAIN, "volumes": ["*"], **copy.deepcopy(dict(self.spec))},
        }

    def pod(self, says: Mapping[str, Any]) -> dict[str, Any]:
        """A pod of the ServiceAccount of the case."""
        container = {"name": "app", "image": "lab/app:1", **says.get("container", {})}
        pod = {"serviceAccountName": self.name, "containers": [container], **says.get("pod", {})}
        metadata = {"name": self.name, "annotations": dict(says.get("annotations", {}))}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(pod)}


def secured(**settings: Any) -> dict[str, Any]:
    """A pod whose container has this security context."""
    return {"container": {"securityContext": settings}}


def podwide(**settings: Any) -> dict[str, Any]:
    """A pod with this security context."""
    return {"pod": {"securityContext": settings}}


def volume(**source: Any) -> dict[str, Any]:
    """A pod with one volume."""
    return {"pod": {"volumes": [{"name": "v", **source}]}}


def mounted(path: str, *, read_only: bool) -> dict[str, Any]:
    """A pod that mounts a path of its host."""
    mount = {"name": "v", "mountPath": "/v", "readOnly": read_only}
    return {**volume(hostPath={"path": path}), "container": {"volumeMounts": [mount]}}


def port(number: int) -> dict[str, Any]:
    """A pod with a port of its host."""
    return {"container": {"ports": [{"containerPort": number, "hostPort": number}]}}


def seccomp(kind: str, **more: str) -> dict[str, Any]:
    """A pod with a seccomp profile in the field."""
    return podwide(seccompProfile={"type": kind, **more})


def sysctl(name: str) -> dict[str, Any]:
    """A pod that sets one sysctl."""
    return podwide(sysctls=[{"name": name, "value": "1"}])


PLAIN: dict[str, Any] = {}
_MUST = {"rule": "MustRunAs", "ranges": RANGES}
_MAY = {"rule": "MayRunAs", "ranges": RANGES}
_TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}

PSP_CASES = (
    PspCase("privileged", "privileged", {}, [PLAIN, secured(privileged=False)], [secured(privileged=True)]),
    PspCase("privileged-yes", "", {"privileged": True}, [secured(privileged=True)], []),
    PspCase("host-network", "hostNetwork", {}, [{"pod": {"hostNetwork": False}}], [{"pod": {"hostNetwork": True}}]),
    PspCase("host-network-yes", "", {"hostNetwork": True}, [{"pod": {"hostNetwork": True}}], []),
    PspCase("host-pid", "hostPID", {}, [PLAIN], [{"pod": {"hostPID": True}}]),
    PspCase("host-pid-yes", "", {"hostPID": True}, [{"pod": {"hostPID": True}}], []),
    PspCase("host-ipc", "hostIPC", {}, [PLAIN], [{"pod": {"hostIPC": True}}]),
    PspCase("host-ipc-yes", "", {"hostIPC": True}, [{"pod": {"hostIPC": True}}], []),
    PspCase("host-ports-none", "hostPorts", {}, [{"container": {"ports": [{"containerPort": 80}]}}], [port(8080)]),
    PspCase(
        "host-ports",
        "hostPorts",
        {"hostPorts": [{"min": 80, "max": 89}, {"min": 443, "max": 443}]},
        [port(80), port(89), port(443)],
        [port(79), port(90), port(444)],
    ),
    PspCase(
        "capabilities",
        "allowedCapabilities",
        {"allowedCapabilities": ["CHOWN", "KILL"], "defaultAddCapabilities": ["FOWNER"]},
        [PLAIN, secured(capabilities={"add": ["CHOWN"], "drop": ["ALL"]}), secured(capabilities={"add": ["FOWNER"]})],
        [secured(capabilities={"add": ["CHOWN", "SYS_ADMIN"]}), secured(capabilities={"add": ["ALL"]})],
    ),
    PspCase(
        "capabilities-none",
        "allowedCapabilities",
        {},
        [secured(capabilities={})],
        [secured(capabilities={"add": ["KILL"]})],
    ),
    PspCase("capabilities-all", "", {"allowedCapabilities": ["*"]}, [secured(capabilities={"add": ["SYS_ADMIN"]})], []),
    PspCase(
        "capabilities-drop",
        "allowedCapabilities",
        {"requiredDropCapabilities": ["ALL"], "allowedCapabilities": ["NET_BIND_SERVICE"]},
        [PLAIN, secured(capabilities={"drop": ["KILL"]}), secured(capabilities={"add": ["NET_BIND_SERVICE"]})],
        [secured(capabilities={"add": ["KILL"]})],
    ),
    PspCase(
        "volumes",
        "volumes",
        {"volumes": ["emptyDir", "configMap"]},
        [volume(emptyDir={}), volume(configMap={"name": "c"}), volume()],
        [volume(secret={"secretName": "s"}), volume(hostPath={"path": "/"}), volume(nfs={"server": "n", "path": "/"})],
    ),
    PspCase("volumes-none", "volumes", {"volumes": []}, [PLAIN], [volume(emptyDir={})]),
    PspCase(
        "volumes-token",
        "volumes",
        {"volumes": ["secret"]},
        [volume(secret={"secretName": "s"}), volume(**_TOKEN)],
        [volume(projected={"sources": [{"secret": {"name": "s"}}]}), volume(emptyDir={})],
    ),
    PspCase(
        "volumes-cephfs",
        "volumes",
        {"volumes": ["cephFS"]},
        [volume(cephfs={"monitors": ["m"]})],
        [volume(rbd={"monitors": ["m"], "image": "i"})],
    ),
    PspCase(
        "host-paths",
        "allowedHostPaths",
        {"allowedHostPaths": [{"pathPrefix": "/var/log/"}, {"pathPrefix": "/etc", "readOnly": True}]},
        [
            mounted("/var/log", read_only=False),
            mounted("/var/log/pods/", read_only=False),
            mounted("/etc/ssl", read_only=True),
        ],
        [mounted("/var/logs", read_only=True), mounted("/", read_only=True), mounted("/etc/ssl", read_only=False)],
    ),
    PspCase(
        "flex-volumes",
        "allowedFlexVolumes",
        {"allowedFlexVolumes": [{"driver": "example/lvm"}]},
        [volume(flexVolume={"driver": "example/lvm"})],
        [volume(flexVolume={"driver": "example/cifs"})],
    ),
    PspCase(
        "csi-drivers",
        "allowedCSIDrivers",
        {"allowedCSIDrivers": [{"name": "inline.example.com"}]},
        [volume(csi={"driver": "inline.example.com"})],
        [volume(csi={"driver": "other.example.com"})],
    ),
    PspCase(
        "user-ranges",
        "runAsUser",
        {"runAsUser": _MUST},
        [PLAIN, secured(runAsUser=1000), secured(runAsUser=3000), podwide(runAsUser=1999)],
        [secured(runAsUser=0), secured(runAsUser=2000), podwide(runAsUser=999)],
    ),
    PspCase(
        "user-not-root",
        "runAsUser",
        {"runAsUser": {"rule": "MustRunAsNonRoot"}},
        [PLAIN, secured(runAsUser=1), secured(runAsNonRoot=True), podwide(runAsNonRoot=True)],
        [secured(runAsUser=0), secured(runAsNonRoot=False, runAsUser=5), podwide(runAsUser=0)],
    ),
    PspCase(
        "group-ranges",
        "runAsGroup",
        {"runAsGroup": _MUST},
        [PLAIN, secured(runAsGroup=1000), podwide(runAsGroup=3000)],
        [secured(runAsGroup=0), podwide(runAsGroup=2000)],
    ),
    PspCase(
        "group-may",
        "runAsGroup",
        {"runAsGroup": _MAY},
        [PLAIN, secured(runAsGroup=1500)],
        [secured(runAsGroup=0)],
    ),
    PspCase(
        "supplemental-ranges",
        "supplementalGroups",
        {"supplementalGroups": _MUST},
        [PLAIN, podwide(supplementalGroups=[1000, 3000])],
        [podwide(supplementalGroups=[1000, 0])],
    ),
    PspCase(
        "supplemental-may",
        "supplementalGroups",
        {"supplementalGroups": _MAY},
        [PLAIN, podwide(supplementalGroups=[1000])],
        [podwide(supplementalGroups=[5])],
    ),
    PspCase("fs-group-ranges", "fsGroup", {"fsGroup": _MUST}, [PLAIN, podwide(fsGroup=3000)], [podwide(fsGroup=0)]),
    PspCase("fs-group-may", "fsGroup", {"fsGroup": _MAY}, [PLAIN, podwide(fsGroup=1000)], [podwide(fsGroup=2000)]),
    PspCase(
        "read-only-root",
        "readOnlyRootFilesystem",
        {"readOnlyRootFilesystem": True},
        [PLAIN, secured(readOnlyRootFilesystem=True)],
        [secured(readOnlyRootFilesystem=False)],
    ),
    PspCase(
        "se-linux",
        "seLinux",
        {"seLinux": {"rule": "MustRunAs", "seLinuxOptions": LABEL}},
        [PLAIN, podwide(seLinuxOptions=LABEL), secured(seLinuxOptions={**LABEL, "level": "s0:c2,c1"})],
        [podwide(seLinuxOptions={**LABEL, "type": "spc_t"}), secured(seLinuxOptions={**LABEL, "level": "s0"})],
    ),
    PspCase(
        "se-linux-empty",
        "seLinux",
        {"seLinux": {"rule": "MustRunAs", "seLinuxOptions": {}}},
        [PLAIN, podwide(seLinuxOptions={})],
        [secured(seLinuxOptions={"type": "spc_t"})],
    ),
    PspCase(
        "seccomp",
        "seccomp",
        {},
        [
            seccomp("RuntimeDefault"),
            seccomp("Localhost", localhostProfile="tight.json"),
            {"annotations": {f"{SECCOMP}pod": "docker/default"}},
        ],
        [PLAIN, seccomp("Unconfined"), {"annotations": {CONTAINER_SECCOMP: "unconfined"}}],
        {f"{SECCOMP}allowedProfileNames": "runtime/default,localhost/tight.json"},
    ),
    PspCase(
        "seccomp-default",
        "seccomp",
        {},
        [PLAIN, seccomp("RuntimeDefault")],
        [seccomp("Unconfined")],
        {f"{SECCOMP}allowedProfileNames": "runtime/default", f"{SECCOMP}defaultProfileName": "runtime/default"},
    ),
    PspCase(
        "seccomp-none",
        "seccomp",
        {},
        [PLAIN],
        [seccomp("RuntimeDefault")],
        {f"{SECCOMP}allowedProfileNames": ""},
    ),
    PspCase(
        "apparmor",
        "apparmor",
        {},
        [{"annotations": {CONTAINER_APPARMOR: "runtime/default"}}],
        [PLAIN, {"annotations": {CONTAINER_APPARMOR: "unconfined"}}],
        {f"{APPARMOR}allowedProfileNames": "runtime/default,localhost/tight"},
    ),
    PspCase(
        "apparmor-default",
        "apparmor",
        {},
        [PLAIN, {"annotations": {CONTAINER_APPARMOR: "runtime/default"}}],
        [{"annotations": {CONTAINER_APPARMOR: "localhost/loose"}}],
        {f"{APPARMOR}allowedProfileNames": "runtime/default", f"{APPARMOR}defaultProfileName": "runtime/default"},
    ),
    PspCase(
        "sysctls-unsafe",
        "allowedUnsafeSysctls",
        {"allowedUnsafeSysctls": ["net.core.somaxconn", "kernel.msg*"]},
        [sysctl("net.core.somaxconn"), sysctl("kernel.msgmax"), sysctl("net.ipv4.tcp_syncookies")],
        [sysctl("net.core.rmem_max"), sysctl("kernel.sem")],
    ),
    PspCase(
        "sysctls-forbidden",
        "forbiddenSysctls",
        {"forbiddenSysctls": ["kernel.shm_rmid_forced", "net.ipv4.tcp*"]},
        [sysctl("net.ipv4.ping_group_range")],
        [sysctl("kernel.shm_rmid_forced"), sysctl("net.ipv4.tcp_syncookies")],
    ),
    PspCase("proc-mount", "allowedProcMountTypes", {}, [secured(procMount="Default")], [secured(procMount="Unmasked")]),
    PspCase(
        "proc-mount-unmasked",
        "allowedProcMountTypes",
        {"allowedProcMountTypes": ["Unmasked"]},
        [secured(procMount="Unmasked")],
        [PLAIN],
    ),
    PspCase(
        "runtime-class",
        "runtimeClass",
        {"runtimeClass": {"allowedRuntimeClassNames": ["gvisor"]}},
        [PLAIN, {"pod": {"runtimeClassName": "gvisor"}}],
        [{"pod": {"runtimeClassName": "kata"}}],
    ),
    PspCase(
        "runtime-class-default",
        "runtimeClass",
        {"runtimeClass": {"allowedRuntimeClassNames": ["gvisor"], "defaultRuntimeClassName": "gvisor"}},
        [PLAIN],
        [{"pod": {"runtimeClassName": "kata"}}],
    ),
    PspCase(
        "escalation",
        "allowPrivilegeEscalation",
        {"allowPrivilegeEscalation": False},
        [PLAIN, secured(allowPrivilegeEscalation=False)],
        [secured(allowPrivilegeEscalation=True)],
    ),
    PspCase(
        "escalation-default",
        "",
        {"defaultAllowPrivilegeEscalation": False, "allowPrivilegeEscalation": True},
        [PLAIN, secured(allowPrivilegeEscalation=True)],
        [],
    ),
)
