# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of workloads and namespaces for the audit: levels, and what the CIS Kubernetes Benchmark asks of pods. Pure.

Facts of a workload, lists being of the names of containers unless said otherwise:
    pod_security_level, pod_security_version: the strictest level that admits it at the cluster's version
    pod_security_later_level, pod_security_later_version: the same at a later version
    pod_security_later_violations: controls of the level it has now that it would fail at the later version
    baseline_violations, restricted_violations: controls that it fails at the cluster's version
    windows, user_namespace, host_pid, host_ipc, host_network: true or false
    privileged, privilege_escalation, may_be_root, net_raw, keeps_capabilities, seccomp_missing, writable_root,
    host_process ("pod" for the pod itself)
    added_capabilities: ["CONTAINER: CAPABILITY"], all but NET_BIND_SERVICE
    host_ports: numbers. host_paths, runtime_sockets: paths of the node
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_confinement as confinement,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_host as host,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security import (
    checks_privileges as privileges,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import (
    evaluate_pod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.namespace_labels import (
    policy_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import (
    Holder,
    Pod,
    read_pod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rule_containers import (
    writable_root,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    BASELINE,
    PRIVILEGED,
    RESTRICTED,
    RESTRICTED_CAPABILITIES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import minor_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

Facts = dict[str, Any]
Json = Mapping[str, Any]

# Since this minor version, the API server enforces the labels unless told otherwise.
_LABELS_SINCE = 23
_SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock", "podman.sock", "dockershim.sock")
_FOLDERS_OF_SOCKETS = ("/", "/run", "/var", "/var/run", "/run/containerd", "/run/crio", "/run/docker", "/run/podman")


def workload_facts(kind: str, metadata: Json, pod_spec: Any, pod_metadata: Any, *, version: str, later: str) -> Facts:
    """The facts of what makes pods, or of a pod, as above. Neither kind nor metadata matter to them.

    version, later: of Kubernetes, as in 1.27, v1.27.3 or latest. Raises K8sError for what is no version.
    """
    del kind, metadata
    pod = read_pod(pod_metadata, pod_spec)
    return {**_levels(pod, version, later), **_of_pod(pod), **({} if pod.is_windows else _of_linux(pod))}


def namespace_facts(namespace: Json, version: str) -> Facts:
    """{pod_security_available, pod_security_enforce, _enforce_version, _audit, _warn, pod_security_label_faults}.

    version: of the API server. Raises K8sError for what is no version.
    """
    policy = policy_of((namespace.get("metadata") or {}).get("labels"))
    return {
        "pod_security_available": minor_of(version) >= _LABELS_SINCE,
        "pod_security_enforce": policy.enforce.level,
        "pod_security_enforce_version": policy.enforce.version,
        "pod_security_audit": policy.audit.level,
        "pod_security_warn": policy.warn.level,
        "pod_security_label_faults": list(policy.faults),
    }


def _levels(pod: Pod, version: str, later: str) -> Facts:
    now = {level: _failed(pod, level, version) for level in (RESTRICTED, BASELINE)}
    then = {level: _failed(pod, level, later) for level in (RESTRICTED, BASELINE)}
    level = _level(now)
    return {
        "pod_security_level": level,
        "pod_security_version": version,
        "pod_security_later_level": _level(then),
        "pod_security_later_version": later,
        "pod_security_later_violations": then.get(level, []),
        "baseline_violations": now[BASELINE],
        "restricted_violations": now[RESTRICTED],
    }


def _failed(pod: Pod, level: str, version: str) -> list[str]:
    return [each.control for each in evaluate_pod(pod, level, version)]


def _level(failed: Mapping[str, list[str]]) -> str:
    return next((level for level in (RESTRICTED, BASELINE) if not failed[level]), PRIVILEGED)


def _of_pod(pod: Pod) -> Facts:
    """What matters on every system. The lists of Linux are empty for Windows."""
    paths = list(_host_paths(pod))
    linux = ("privileged", "privilege_escalation", "may_be_root", "net_raw", "keeps_capabilities", "seccomp_missing")
    return {
        "windows": pod.is_windows,
        "user_namespace": pod.in_user_namespace,
        "host_pid": bool(pod.spec.get("hostPID")),
        "host_ipc": bool(pod.spec.get("hostIPC")),
        "host_network": bool(pod.spec.get("hostNetwork")),
        "host_process": [fault.container or "pod" for fault in host.host_process(pod)],
        "host_ports": sorted({fault.value for fault in host.host_ports(pod)}),
        "host_paths": paths,
        "runtime_sockets": [path for path in paths if _has_socket(path)],
        "added_capabilities": [],
        "writable_root": [],
        **{name: [] for name in linux},
    }


def _of_linux(pod: Pod) -> Facts:
    added = privileges.added_capabilities(pod, RESTRICTED_CAPABILITIES)
    return {
        "privileged": _names(privileges.privileged(pod)),
        "privilege_escalation": _names(privileges.privilege_escalation(pod)),
        "may_be_root": [each.name for each in pod.containers if _may_be_root(pod, each)],
        "net_raw": [each.name for each in pod.containers if _has_net_raw(each)],
        "added_capabilities": sorted({f"{fault.container}: {fault.value}" for fault in added}),
        "keeps_capabilities": [each.name for each in pod.containers if "ALL" not in _dropped(each)],
        "seccomp_missing": _names(confinement.seccomp_unset(pod)) if _seccomp_by_field(pod) else [],
        "writable_root": _names(writable_root(pod, None)),
    }


def _names(faults: Iterator[Fault]) -> list[str]:
    return list(dict.fromkeys(fault.container or "pod" for fault in faults))


def _may_be_root(pod: Pod, container: Holder) -> bool:
    """Unless something says otherwise, the image's user counts, which is root in most."""
    shared = pod.itself.context
    if container.context.get("runAsNonRoot", shared.get("runAsNonRoot")):
        return False
    return not container.context.get("runAsUser", shared.get("runAsUser"))


def _has_net_raw(container: Holder) -> bool:
    added = set((container.context.get("capabilities") or {}).get("add") or ())
    if container.context.get("privileged") or added & {"ALL", "NET_RAW"}:
        return True
    return not set(_dropped(container)) & {"ALL", "NET_RAW"}


def _dropped(container: Holder) -> list[str]:
    dropped: list[str] = (container.context.get("capabilities") or {}).get("drop") or []
    return dropped


def _seccomp_by_field(pod: Pod) -> bool:
    """Before 1.19 an annotation named the profile; such pods are still about."""
    annotation = pod.annotations.get(confinement.POD_SECCOMP)
    return annotation is None or annotation == "unconfined"


def _host_paths(pod: Pod) -> Iterator[str]:
    for volume in pod.spec.get("volumes") or ():
        source = volume.get("hostPath")
        if isinstance(source, Mapping):
            yield str(source.get("path") or "")


def _has_socket(path: str) -> bool:
    """Whether the socket of a container runtime is there, or in a folder that the path holds."""
    bare = path.rstrip("/") or "/"
    return bare.endswith(_SOCKETS) or bare.replace("/var/run", "/run", 1) in _FOLDERS_OF_SOCKETS
