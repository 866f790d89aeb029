# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that differ from an irreproachable one in one respect, and the controls that refuse each, by version.

Written from the documentation of the standards, not from the tables of the code.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MINORS = range(38)
EVER = range(38)
GONE = object()

_PROBES = "hostProbesAndHostLifecycle"
_CONTEXT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
GOOD: dict[str, Any] = {
    "metadata": {"name": "good", "annotations": {}},
    "spec": {
        "initContainers": [{"name": "first", "image": "x", "securityContext": copy.deepcopy(_CONTEXT)}],
        "containers": [{"name": "main", "image": "x", "securityContext": copy.deepcopy(_CONTEXT)}],
        "ephemeralContainers": [{"name": "debug", "image": "x", "securityContext": copy.deepcopy(_CONTEXT)}],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    },
}


@dataclass(frozen=True)
class Case:
    """changes: {path: value}. baseline, restricted: {control: minor versions at which it refuses the pod}."""

    name: str
    changes: Mapping[str, Any]
    baseline: Mapping[str, range] = field(default_factory=dict)
    restricted: Mapping[str, range] = field(default_factory=dict)

    @property
    def pod(self) -> dict[str, Any]:
        """The pod."""
        pod = copy.deepcopy(GOOD)
        for path, value in self.changes.items():
            put(pod, path, value)
        return pod


def put(thing: Any, path: str, value: Any) -> None:
    """Set what is at a path such as spec/containers/0/name, or take it away. Names with slashes: a|b|c."""
    *parents, last = path.split("|") if "|" in path else path.split("/")
    for part in parents:
        thing = thing[int(part)] if isinstance(thing, list) else thing.setdefault(part, {})
    if value is GONE:
        del thing[last]
    else:
        thing[last] = value


def since(minor: int) -> range:
    """From this version on."""
    return range(minor, 38)


def until(minor: int) -> range:
    """Before this version."""
    return range(minor)


def _both(name: str, path: str, value: Any, control: str, when: range = EVER) -> Case:
    return Case(name, {path: value}, {control: when}, {control: when})


def _restricted(name: str, changes: Mapping[str, Any], control: str, when: range) -> Case:
    return Case(name, changes, {}, {control: when})


_MAIN = "spec/containers/0"
_CONTAINERS = ("spec/initContainers/0", _MAIN, "spec/ephemeralContainers/0")
_WINDOWS = {"spec/os": {"name": "windows"}}
_USERS = {"spec/hostUsers": False}
_APPARMOR = "metadata|annotations|container.apparmor.security.beta.kubernetes.io/main"
_SECCOMP = "metadata|annotations|container.seccomp.security.alpha.kubernetes.io/main"
_POD_SECCOMP = "metadata|annotations|seccomp.security.alpha.kubernetes.io/pod"
_SYSCTLS = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_slow_start_after_idle": 37,
    "net.ipv4.tcp_notsent_lowat": 37,
    "kernel.msgmax": 38,
}
_GOOD_VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
)
_BAD_VOLUMES = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker", "nfs"),
    *("gcePersistentDisk", "gitRepo", "glusterfs", "iscsi", "photonPersistentDisk", "portworxVolume", "quobyte"),
    *("rbd", "scaleIO", "storageos", "vsphereVolume", "aTypeToCome"),
)
_CAPABILITIES_BASELINE = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID", "SETPCAP"),
    *("SETUID", "SYS_CHROOT"),
)
_UNCONFINED = {"type": "Unconfined"}

CASES: tuple[Case, ...] = (
    Case("good", {}),
    *(_both(name, f"spec/{name}", True, "hostNamespaces") for name in ("hostNetwork", "hostPID", "hostIPC")),
    Case("host namespaces said to be off", {f"spec/{name}": False for name in ("hostNetwork", "hostPID", "hostIPC")}),
    *(_both(f"privileged in {c}", f"{c}/securityContext/privileged", True, "privileged") for c in _CONTAINERS),
    Case("privileged said to be off", {f"{_MAIN}/securityContext/privileged": False}),
    *(
        Case(
            f"adds {name} in {container}",
            {f"{container}/securityContext/capabilities/add": [name]},
            {"capabilities_baseline": EVER},
            {"capabilities_baseline": until(22), "capabilities_restricted": since(22)},
        )
        for name, container in zip(("NET_RAW", "SYS_ADMIN", "chown"), _CONTAINERS)
    ),
    *(
        _restricted(
            f"adds {name}",
            {f"{_MAIN}/securityContext/capabilities/add": [name]},
            "capabilities_restricted",
            since(22),
        )
        for name in _CAPABILITIES_BASELINE
    ),
    Case("adds NET_BIND_SERVICE", {f"{_MAIN}/securityContext/capabilities/add": ["NET_BIND_SERVICE"]}),
    *(
        _restricted(
            f"has {drop}", {f"{container}/securityContext/capabilities": drop}, "capabilities_restricted", since(22)
        )
        for container, drop in zip(_CONTAINERS, ({}, {"drop": ["CHOWN"]}, {"drop": []}))
    ),
    _restricted(
        "Windows drops nothing",
        {**_WINDOWS, f"{_MAIN}/securityContext/capabilities": GONE},
        "capabilities_restricted",
        range(22, 25),
    ),
    Case(
        "host path",
        {"spec/volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
        {"hostPathVolumes": EVER},
        {"restrictedVolumes": EVER},
    ),
    *(
        _restricted(f"volume {name}", {"spec/volumes": [{"name": "v", name: {}}]}, "restrictedVolumes", EVER)
        for name in _BAD_VOLUMES
    ),
    *(Case(f"volume {name}", {"spec/volumes": [{"name": "v", name: {}}]}) for name in _GOOD_VOLUMES),
    Case("volume without a source", {"spec/volumes": [{"name": "v"}, {"name": "w", "hostPath": None}]}),
    *(
        _both(f"host port in {c}", f"{c}/ports", [{"containerPort": 1}, {"hostPort": 80}], "hostPorts")
        for c in _CONTAINERS
    ),
    Case("host port 0", {f"{_MAIN}/ports": [{"containerPort": 80, "hostPort": 0}]}),
    *(
        _both(f"{probe} names a host", f"{container}/{probe}", {kind: {"host": "1.2.3.4"}}, _PROBES, since(34))
        for container, probe in zip(_CONTAINERS, ("livenessProbe", "readinessProbe", "startupProbe"))
        for kind in ("httpGet", "tcpSocket")
    ),
    *(
        _both(f"{hook} names a host", f"{_MAIN}/lifecycle/{hook}", {kind: {"host": "x"}}, _PROBES, since(34))
        for hook in ("postStart", "preStop")
        for kind in ("httpGet", "tcpSocket")
    ),
    Case("probes without a host", {f"{_MAIN}/livenessProbe": {"httpGet": {"host": ""}}, f"{_MAIN}/lifecycle": {}}),
    _both("AppArmor of the pod", "spec/securityContext/appArmorProfile", _UNCONFINED, "appArmorProfile"),
    *(
        _both(f"AppArmor of {c}", f"{c}/securityContext/appArmorProfile", _UNCONFINED, "appArmorProfile")
        for c in _CONTAINERS
    ),
    _both("AppArmor without a type", "spec/securityContext/appArmorProfile", {}, "appArmorProfile"),
    _both("AppArmor by annotation", _APPARMOR, "unconfined", "appArmorProfile"),
    _both("AppArmor of nobody", _APPARMOR.replace("main", "nobody"), "unconfined", "appArmorProfile"),
    *(Case(f"AppArmor annotation {value!r}", {_APPARMOR: value}) for value in ("", "runtime/default", "localhost/x")),
    *(
        Case(f"AppArmor {value}", {f"{_MAIN}/securityContext/appArmorProfile": {"type": value}})
        for value in ("RuntimeDefault", "Localhost")
    ),
    *(
        _both(f"SELinux {key} of {c}", f"{c}/securityContext/seLinuxOptions", {key: "x"}, "seLinuxOptions")
        for key in ("type", "user", "role")
        for c in ("spec", *_CONTAINERS)
    ),
    *(
        Case(f"SELinux type {value!r}", {"spec/securityContext/seLinuxOptions": {"type": value, "level": "s0"}})
        for value in ("", "container_t", "container_init_t", "container_kvm_t")
    ),
    _both(
        "SELinux type of engines",
        "spec/securityContext/seLinuxOptions",
        {"type": "container_engine_t"},
        "seLinuxOptions",
        until(31),
    ),
    *(
        Case(
            f"procMount in {container}",
            {f"{container}/securityContext/procMount": "Unmasked"},
            {"procMount": EVER},
            {"procMount": until(35), "procMount_restricted": since(35)},
        )
        for container in _CONTAINERS
    ),
    Case(
        "procMount in a user namespace",
        {**_USERS, f"{_MAIN}/securityContext/procMount": "Unmasked"},
        {"procMount": until(35)},
        {"procMount": until(35), "procMount_restricted": since(35)},
    ),
    Case("procMount Default", {f"{_MAIN}/securityContext/procMount": "Default"}),
    *(
        Case(
            f"seccomp of {holder}",
            {f"{holder}/securityContext/seccompProfile": profile},
            {"seccompProfile_baseline": since(19)},
            {"seccompProfile_restricted": since(19)},
        )
        for holder in ("spec", *_CONTAINERS)
        for profile in (_UNCONFINED, {})
    ),
    *(
        Case(
            f"seccomp by annotation {value!r}",
            {annotation: value},
            {"seccompProfile_baseline": until(19)},
            {"seccompProfile_baseline": until(19)},
        )
        for annotation in (_SECCOMP, _POD_SECCOMP)
        for value in ("unconfined", "")
    ),
    *(
        Case(f"seccomp annotation {value}", {_SECCOMP: value, _POD_SECCOMP: value})
        for value in ("runtime/default", "docker/default", "localhost/x")
    ),
    Case("seccomp annotation of nobody", {_SECCOMP.replace("main", "nobody"): "unconfined"}),
    _restricted("seccomp unset", {"spec/securityContext/seccompProfile": GONE}, "seccompProfile_restricted", since(19)),
    Case(
        "seccomp of each container alone",
        {
            "spec/securityContext/seccompProfile": GONE,
            **{f"{c}/securityContext/seccompProfile": {"type": "Localhost"} for c in _CONTAINERS},
        },
    ),
    _restricted(
        "seccomp unset on Windows",
        {**_WINDOWS, "spec/securityContext/seccompProfile": GONE},
        "seccompProfile_restricted",
        range(19, 25),
    ),
    # What replaces baseline's control spares Windows pods that, too.
    Case(
        "seccomp unconfined on Windows",
        {**_WINDOWS, "spec/securityContext/seccompProfile": _UNCONFINED},
        {"seccompProfile_baseline": since(19)},
        {"seccompProfile_restricted": range(19, 25)},
    ),
    *(
        _both(f"sysctl {name}", "spec/securityContext/sysctls", [{"name": name, "value": "1"}], "sysctls", until(minor))
        for name, minor in _SYSCTLS.items()
    ),
    *(
        _both(
            f"host process of {holder}",
            f"{holder}/securityContext/windowsOptions",
            {"hostProcess": True},
            "windowsHostProcess",
        )
        for holder in ("spec", *_CONTAINERS)
    ),
    Case("host process said to be off", {"spec/securityContext/windowsOptions": {"hostProcess": False}}),
    *(
        _restricted(
            f"escalation {value} in {container}",
            {f"{container}/securityContext/allowPrivilegeEscalation": value},
            "allowPrivilegeEscalation",
            since(8),
        )
        for container in _CONTAINERS
        for value in (True, None, GONE)
    ),
    _restricted(
        "escalation on Windows",
        {**_WINDOWS, f"{_MAIN}/securityContext/allowPrivilegeEscalation": GONE},
        "allowPrivilegeEscalation",
        range(8, 25),
    ),
    Case(
        "Linux by name is no Windows",
        {"spec/os": {"name": "linux"}, f"{_MAIN}/securityContext": {"capabilities": {"drop": ["ALL"]}}},
        {},
        {"allowPrivilegeEscalation": since(8)},
    ),
    *(
        _restricted(f"runAsNonRoot {value}", {"spec/securityContext/runAsNonRoot": value}, "runAsNonRoot", EVER)
        for value in (False, None, GONE)
    ),
    *(
        _restricted(f"root in {c}", {f"{c}/securityContext/runAsNonRoot": False}, "runAsNonRoot", EVER)
        for c in _CONTAINERS
    ),
    Case(
        "runAsNonRoot of each container alone",
        {
            "spec/securityContext/runAsNonRoot": GONE,
            **{f"{c}/securityContext/runAsNonRoot": True for c in _CONTAINERS},
        },
    ),
    _restricted(
        "root of the pod, of no container",
        {
            "spec/securityContext/runAsNonRoot": False,
            **{f"{c}/securityContext/runAsNonRoot": True for c in _CONTAINERS},
        },
        "runAsNonRoot",
        EVER,
    ),
    _restricted(
        "root in a user namespace",
        {**_USERS, "spec/securityContext/runAsNonRoot": GONE},
        "runAsNonRoot",
        until(35),
    ),
    _restricted(
        "root in the users of the host",
        {"spec/hostUsers": True, "spec/securityContext/runAsNonRoot": GONE},
        "runAsNonRoot",
        EVER,
    ),
    *(
        _restricted(f"user 0 of {c}", {f"{c}/securityContext/runAsUser": 0}, "runAsUser", since(23))
        for c in ("spec", *_CONTAINERS)
    ),
    _restricted(
        "user 0 in a user namespace", {**_USERS, "spec/securityContext/runAsUser": 0}, "runAsUser", range(23, 35)
    ),
    Case("user 1000", {"spec/securityContext/runAsUser": 1000}),
)
