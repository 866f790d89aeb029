# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pod Security Standards as a table: which control has which form since which minor version of Kubernetes.

A control of restricted that `replaces` one of baseline is as strict or stricter; at restricted it alone is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_confinement as confinement,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_host as host,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_privileges as privileges,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

PRIVILEGED, BASELINE, RESTRICTED = "privileged", "baseline", "restricted"
LEVELS = (PRIVILEGED, BASELINE, RESTRICTED)
# What spares a pod a control: its containers are Windows', or its root is not the node's.
WINDOWS, USER_NAMESPACE = "windows", "user namespace"

BASELINE_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)
RESTRICTED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
RESTRICTED_VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)
SE_LINUX_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t"})
SE_LINUX_TYPES_1_31 = SE_LINUX_TYPES | {"container_engine_t"}
SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_syncookies",
    }
)
SYSCTLS_1_27 = SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_1_29 = SYSCTLS_1_27 | {
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
}
SYSCTLS_1_32 = SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
SYSCTLS_1_37 = SYSCTLS_1_32 | {"net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle"}


@dataclass(frozen=True)
class Form:
    """A control as it is since a minor version: the check, what it allows, and which pods are spared it."""

    since: int
    check: Callable[..., Iterator[Fault]]
    allowed: Collection[str] | None = None
    spares: str = ""

    def faults(self, pod: Pod) -> Iterator[Fault]:
        """What the check finds in a pod."""
        if (self.spares == WINDOWS and pod.is_windows) or (self.spares == USER_NAMESPACE and pod.in_user_namespace):
            return iter(())
        return self.check(pod) if self.allowed is None else self.check(pod, self.allowed)


@dataclass(frozen=True)
class PodControl:
    """A control of a level. `id` is the name that Kubernetes itself gives it; `wanted` is a clause for messages."""

    id: str
    level: str
    wanted: str
    forms: tuple[Form, ...]
    replaces: str = ""

    def form(self, minor: int) -> Form | None:
        """The form of a minor version, None where the control came later."""
        return next((form for form in reversed(self.forms) if form.since <= minor), None)


_baseline = partial(PodControl, level=BASELINE)
_restricted = partial(PodControl, level=RESTRICTED)

CONTROLS: tuple[PodControl, ...] = (
    _baseline(
        id="appArmorProfile",
        wanted="an AppArmor profile must be RuntimeDefault or Localhost",
        forms=(Form(0, confinement.app_armor),),
    ),
    _baseline(
        id="capabilities_baseline",
        wanted="securityContext.capabilities.add may hold default capabilities alone",
        forms=(Form(0, privileges.added_capabilities, BASELINE_CAPABILITIES),),
    ),
    _baseline(
        id="hostNamespaces",
        wanted="hostNetwork, hostPID and hostIPC must be false",
        forms=(Form(0, host.host_namespaces),),
    ),
    _baseline(id="hostPathVolumes", wanted="no volume may be a hostPath", forms=(Form(0, host.host_path_volumes),)),
    _baseline(id="hostPorts", wanted="no port may have a hostPort", forms=(Form(0, host.host_ports),)),
    _baseline(
        id="hostProbesAndHostLifecycle",
        wanted="no probe or lifecycle handler may name a host",
        forms=(Form(34, host.host_probes),),
    ),
    _baseline(
        id="privileged", wanted="securityContext.privileged must be false", forms=(Form(0, privileges.privileged),)
    ),
    _baseline(
        id="procMount",
        wanted="securityContext.procMount must be Default",
        forms=(Form(0, confinement.proc_mount), Form(35, confinement.proc_mount, spares=USER_NAMESPACE)),
    ),
    _baseline(
        id="seLinuxOptions",
        wanted="securityContext.seLinuxOptions may have a type for containers, and no user or role",
        forms=(
            Form(0, confinement.se_linux, SE_LINUX_TYPES),
            Form(31, confinement.se_linux, SE_LINUX_TYPES_1_31),
        ),
    ),
    _baseline(
        id="seccompProfile_baseline",
        wanted="a seccomp profile must be RuntimeDefault or Localhost",
        forms=(Form(0, confinement.seccomp_annotations), Form(19, confinement.seccomp_unconfined)),
    ),
    _baseline(
        id="sysctls",
        wanted="securityContext.sysctls may hold safe sysctls alone",
        forms=(
            Form(0, host.sysctls, SYSCTLS),
            Form(27, host.sysctls, SYSCTLS_1_27),
            Form(29, host.sysctls, SYSCTLS_1_29),
            Form(32, host.sysctls, SYSCTLS_1_32),
            Form(37, host.sysctls, SYSCTLS_1_37),
        ),
    ),
    _baseline(
        id="windowsHostProcess",
        wanted="securityContext.windowsOptions.hostProcess must be false",
        forms=(Form(0, host.host_process),),
    ),
    _restricted(
        id="allowPrivilegeEscalation",
        wanted="securityContext.allowPrivilegeEscalation must be set to false",
        forms=(Form(8, privileges.privilege_escalation), Form(25, privileges.privilege_escalation, spares=WINDOWS)),
    ),
    _restricted(
        id="capabilities_restricted",
        wanted='securityContext.capabilities must drop "ALL" and may add NET_BIND_SERVICE alone',
        forms=(
            Form(22, privileges.kept_capabilities, RESTRICTED_CAPABILITIES),
            Form(25, privileges.kept_capabilities, RESTRICTED_CAPABILITIES, WINDOWS),
        ),
        replaces="capabilities_baseline",
    ),
    _restricted(
        id="procMount_restricted",
        wanted="securityContext.procMount must be Default",
        forms=(Form(35, confinement.proc_mount),),
        replaces="procMount",
    ),
    _restricted(
        id="restrictedVolumes",
        wanted="volumes must be of an allowed type",
        forms=(Form(0, host.restricted_volumes, RESTRICTED_VOLUMES),),
        replaces="hostPathVolumes",
    ),
    _restricted(
        id="runAsNonRoot",
        wanted="securityContext.runAsNonRoot must be true, of the pod or of every container",
        forms=(Form(0, privileges.run_as_non_root), Form(35, privileges.run_as_non_root, spares=USER_NAMESPACE)),
    ),
    _restricted(
        id="runAsUser",
        wanted="securityContext.runAsUser must not be 0",
        forms=(Form(23, privileges.run_as_user), Form(35, privileges.run_as_user, spares=USER_NAMESPACE)),
    ),
    _restricted(
        id="seccompProfile_restricted",
        wanted="seccompProfile.type must be RuntimeDefault or Localhost, of the pod or of every container",
        forms=(Form(19, confinement.seccomp_unset), Form(25, confinement.seccomp_unset, spares=WINDOWS)),
        replaces="seccompProfile_baseline",
    ),
)


@lru_cache(maxsize=256)
def controls_at(level: str, minor: int) -> tuple[tuple[PodControl, Form], ...]:
    """The controls of a level at a minor version, each in its form of that version."""
    if level == PRIVILEGED:
        return ()
    forms = [(control, control.form(minor)) for control in CONTROLS if level == RESTRICTED or control.level == BASELINE]
    there = [(control, form) for control, form in forms if form is not None]
    replaced = {control.replaces for control, _form in there}
    return tuple((control, form) for control, form in there if control.id not in replaced)
