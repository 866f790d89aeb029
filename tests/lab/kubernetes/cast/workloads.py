# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workloads of the workshop: Deployments that keep every rule but one, and the other kinds that make pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.lab.images import KEPT
from tests.lab.kubernetes.cast.members import Member, Object, labelled
from tests.lab.kubernetes.cast.namespaces import FAULTY, SHOP, WORKSHOP

ACCOUNT = "workshop"
"""The ServiceAccount of the workloads; its token is not mounted."""

KEPT_CONTAINER: Mapping[str, Any] = {
    "name": "main",
    "image": KEPT,
    "resources": {"limits": {"cpu": "100m", "memory": "32Mi"}, "requests": {"cpu": "10m", "memory": "32Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    },
}
KEPT_POD: Mapping[str, Any] = {
    "serviceAccountName": ACCOUNT,
    "automountServiceAccountToken": False,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}

_RESTRICTED = ("pod_security_restricted",)
# Since 1.22 the level restricted wants capabilities dropped: the cluster of the lab is older.
_LATER = ("pod_security_later",)
_PRIVILEGED = ("pod_security_baseline", "pod_security_restricted")


def _security(**context: Any) -> dict[str, Any]:
    """A container's security context with something changed; None takes a key out."""
    merged = {**KEPT_CONTAINER["securityContext"], **context}
    return {"securityContext": {key: value for key, value in merged.items() if value is not None}}


def _pod_security(**context: Any) -> dict[str, Any]:
    merged = {**KEPT_POD["securityContext"], **context}
    return {"securityContext": {key: value for key, value in merged.items() if value is not None}}


def _host_path(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(pod, container) with a folder or a file of the node."""
    return (
        {"volumes": [{"name": "host", "hostPath": {"path": path}}]},
        {"volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": True}]},
    )


def pod_spec(pod: Object | None = None, container: Object | None = None, *, template: bool = True) -> dict[str, Any]:
    """A pod's spec with a vice in the pod or in its container."""
    beside = (pod or {}).get("sidecars", ())
    merged = {**KEPT_POD, **(pod or {}), "containers": [{**KEPT_CONTAINER, **(container or {})}, *beside]}
    merged.pop("sidecars", None)
    return {**merged, "restartPolicy": "Always"} if template else merged


def _template(name: str, spec: Object) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": name, "bulkhead.lab": "cast"}}, "spec": spec}


def deployment(name: str, namespace: str, spec: Object) -> dict[str, Any]:
    """A Deployment of one pod."""
    body = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": _template(name, spec)}
    return labelled("Deployment", name, namespace, api="apps/v1", spec=body)


def _vice(
    name: str,
    fails: tuple[str, ...],
    pod: Object | None = None,
    container: Object | None = None,
) -> Member:
    made = deployment(name, WORKSHOP, pod_spec(pod, container))
    return Member("Deployment", name, WORKSHOP, (made,), fails, "k8s.workload.")


def _mounts(name: str, fails: tuple[str, ...], path: str) -> Member:
    return _vice(name, ("host_path", *fails, *_PRIVILEGED), *_host_path(path))


_INIT = {"name": "init", "image": KEPT, "command": ["true"], "resources": KEPT_CONTAINER["resources"]}
_ENV_SECRET = {"env": [{"name": "DB_LOGIN", "valueFrom": {"secretKeyRef": {"name": "used-by-env", "key": "login"}}}]}
_MOUNTED: tuple[Object, Object] = ({"volumes": [{"name": "s", "secret": {"secretName": "used-by-mount"}}]}, {})
_LIMIT = KEPT_CONTAINER["resources"]["limits"]

WELL_KEPT: tuple[Member, ...] = (
    _vice("kept", ()),
    _vice("kept-secret-mounted", (), *_MOUNTED),
    _vice("kept-user-in-container", (), _pod_security(runAsUser=None), _security(runAsUser=2000)),
    _vice("kept-bind-service", (), {}, _security(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})),
    _vice("kept-by-digest", (), {}, {"image": f"registry.test/app@sha256:{'0' * 64}"}),
    _vice("kept-config-in-env", (), {}, {"env": [{"name": "LISTEN_ADDR", "value": ":8080"}]}),
)
"""No finding about the pods of any of these is right."""

PRIVILEGES: tuple[Member, ...] = (
    _vice(
        "privileged",
        ("privileged", "privilege_escalation", "net_raw", *_PRIVILEGED),
        {},
        _security(privileged=True, allowPrivilegeEscalation=None),
    ),
    _vice(
        "privileged-init",
        ("privileged", "privilege_escalation", "keeps_capabilities", "net_raw", "writable_root", *_PRIVILEGED),
        {"initContainers": [{**_INIT, "securityContext": {"privileged": True}}]},
    ),
    _vice("capabilities-kept", ("keeps_capabilities", "net_raw", *_LATER), {}, _security(capabilities=None)),
    _vice("net-raw-dropped", ("keeps_capabilities", *_LATER), {}, _security(capabilities={"drop": ["NET_RAW"]})),
    _vice(
        "sys-admin",
        ("added_capabilities", *_PRIVILEGED),
        {},
        _security(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    ),
    _vice(
        "chown",
        ("added_capabilities", *_LATER),
        {},
        _security(capabilities={"drop": ["ALL"], "add": ["CHOWN"]}),
    ),
    _vice("escalation", ("privilege_escalation", *_RESTRICTED), {}, _security(allowPrivilegeEscalation=None)),
    _vice("root-by-id", ("root_user", *_RESTRICTED), _pod_security(runAsNonRoot=None, runAsUser=0)),
    _vice("root-by-image", ("root_user", *_RESTRICTED), _pod_security(runAsNonRoot=None, runAsUser=None)),
    _vice("seccomp-missing", ("seccomp", *_RESTRICTED), _pod_security(seccompProfile=None)),
    _vice("seccomp-unconfined", ("seccomp", *_PRIVILEGED), _pod_security(seccompProfile={"type": "Unconfined"})),
    _vice("writable-root", ("writable_root",), {}, _security(readOnlyRootFilesystem=None)),
)

SHARING: tuple[Member, ...] = (
    _vice("host-network", ("host_network", *_PRIVILEGED), {"hostNetwork": True}),
    _vice("host-pid", ("host_pid", *_PRIVILEGED), {"hostPID": True}),
    _vice("host-ipc", ("host_ipc", *_PRIVILEGED), {"hostIPC": True}),
    _vice("host-port", ("host_port", *_PRIVILEGED), {}, {"ports": [{"containerPort": 8080, "hostPort": 8080}]}),
    _mounts("host-path", (), "/var/log"),
    _mounts("docker-socket", ("runtime_socket",), "/var/run/docker.sock"),
)

RESOURCES: tuple[Member, ...] = (
    _vice("no-limits", ("memory_limit", "cpu_limit"), {}, {"resources": {}}),
    _vice("no-memory-limit", ("memory_limit",), {}, {"resources": {"limits": {"cpu": _LIMIT["cpu"]}}}),
    _vice("no-cpu-limit", ("cpu_limit",), {}, {"resources": {"limits": {"memory": _LIMIT["memory"]}}}),
    _vice("secret-in-env", ("secret_env",), {}, _ENV_SECRET),
    _vice(
        "plain-secret",
        ("plain_secret",),
        {},
        {"env": [{"name": "DB_PASSWORD", "value": "correct-horse-battery-staple"}]},
    ),
    _vice(
        "default-account",
        ("default_service_account", "token_mounted"),
        {"serviceAccountName": "default", "automountServiceAccountToken": True},
    ),
)


def _of_kind(kind: str, api: str, body: dict[str, Any], fails: tuple[str, ...]) -> Member:
    name = f"{kind.lower()}-host-network"
    made = labelled(kind, name, WORKSHOP, api=api, **body)
    return Member(kind, name, WORKSHOP, (made,), fails, "k8s.workload.")


def _kinds() -> tuple[Member, ...]:
    """The same vice in each kind that makes pods."""
    fails, vice = ("host_network", *_PRIVILEGED), {"hostNetwork": True}
    once = {**pod_spec(vice, template=False), "restartPolicy": "Never"}
    selector = {"selector": {"matchLabels": {"app": "kinds"}}, "template": _template("kinds", pod_spec(vice))}
    job = {"template": {"spec": once}}
    cron = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}
    return (
        _of_kind("DaemonSet", "apps/v1", {"spec": selector}, fails),
        _of_kind("StatefulSet", "apps/v1", {"spec": {**selector, "serviceName": "kinds"}}, fails),
        _of_kind("Job", "batch/v1", {"spec": job}, fails),
        _of_kind("CronJob", "batch/v1beta1", {"spec": cron}, fails),
        _of_kind("Pod", "v1", {"spec": pod_spec(vice)}, fails),
    )


KINDS: tuple[Member, ...] = _kinds()


def _elsewhere(name: str, namespace: str) -> Member:
    spec = pod_spec({"serviceAccountName": "default"})
    return Member("Deployment", name, namespace, (deployment(name, namespace, spec),))


ELSEWHERE: tuple[Member, ...] = (
    _elsewhere("web", SHOP),
    _elsewhere("db", SHOP),
    _elsewhere("web", FAULTY),
    _elsewhere("web", "cast-open"),
)
"""Pods for the network policies; what the audit says of them is not judged here."""
