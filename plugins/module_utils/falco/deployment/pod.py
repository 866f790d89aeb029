# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod of Falco on each node: what it may do, what it sees of its host, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]
Options = Mapping[str, Any]

_HOST = "/host"
_TLS_DIR = "/etc/falco/tls"
# Names of users and groups are all that is wanted of the host's /etc, which holds much more that nobody should read.
_HOST_FILES = ("/etc/passwd", "/etc/group")


def pod_template(options: Options, checksums: Mapping[str, str]) -> Object:
    """The template of the DaemonSet. checksums: annotations that change with what is mounted."""
    mounts, volumes = _split(_volumes(options))
    container = {
        "name": "falco",
        "image": options["image"],
        "imagePullPolicy": options["image_pull_policy"],
        "args": ["/usr/bin/falco", *_arguments(options)],
        "env": _environment(),
        "ports": [{"name": "web", "containerPort": _port(options), "protocol": "TCP"}],
        **_probes(options),
        "resources": options["resources"],
        "securityContext": _container_security(options),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }
    return {
        "metadata": {"labels": labels("falco"), "annotations": {**_annotations(options), **checksums}},
        "spec": {
            "serviceAccountName": "falco",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsUser": 0, "seccompProfile": {"type": options["seccomp_profile"]}},
            "tolerations": options["tolerations"],
            "terminationGracePeriodSeconds": 30,
            **_given(options, "priority_class", "priorityClassName"),
            **_given(options, "node_selector", "nodeSelector"),
            **_secrets(options),
            "containers": [container],
            "volumes": volumes,
        },
    }


def labels(component: str) -> dict[str, str]:
    """The labels by which the objects of a component know its pods."""
    return {"app.kubernetes.io/name": component, "app.kubernetes.io/part-of": "bulkhead-falco"}


def _given(options: Options, key: str, field: str) -> Object:
    return {field: options[key]} if options.get(key) else {}


def _secrets(options: Options) -> Object:
    names: Sequence[str] = options.get("image_pull_secrets") or ()
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}


def _annotations(options: Options) -> dict[str, str]:
    """AppArmor's usual profile keeps Falco from reading of processes under another one."""
    if not options["apparmor_unconfined"]:
        return {}
    return {"container.apparmor.security.beta.kubernetes.io/falco": "unconfined"}


def _arguments(options: Options) -> list[str]:
    # Falco 0.43 does not heed `buffered_outputs: false`; the flag works in all versions.
    return [] if options["config"].get("buffered_outputs") else ["-U"]


def _environment() -> list[Object]:
    node = {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}
    names = ("FALCO_HOSTNAME", "FALCO_K8S_NODE_NAME")
    return [{"name": "HOST_ROOT", "value": _HOST}, *({"name": name, "valueFrom": node} for name in names)]


def _port(options: Options) -> int:
    return int(options["config"]["webserver"]["listen_port"])


def _probes(options: Options) -> Object:
    server = options["config"]["webserver"]
    if not server["enabled"]:
        return {}
    scheme = "HTTPS" if server.get("ssl_enabled") else "HTTP"
    asked = {"path": server["k8s_healthz_endpoint"], "port": "web", "scheme": scheme}
    often: Object = {"httpGet": asked, "timeoutSeconds": 5, "periodSeconds": 10, "successThreshold": 1}
    return {
        "startupProbe": {**often, "failureThreshold": 30},
        "livenessProbe": {**often, "failureThreshold": 6},
        "readinessProbe": {**often, "failureThreshold": 3},
    }


def _container_security(options: Options) -> Object:
    return {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": list(options["capabilities"])},
    }


def host_paths(options: Options) -> list[tuple[str, str]]:
    """What the pod sees of its host, as (path, type of hostPath)."""
    kernel = [("/proc", "Directory"), ("/sys/kernel", "Directory")]
    files = [(path, "File") for path in _HOST_FILES]
    return [*kernel, *files, *((path, "Socket") for path in options["container_sockets"])]


def _volumes(options: Options) -> list[tuple[Object, Object]]:
    """(mount, volume) of each."""
    pairs = [_of_host(path, kind) for path, kind in host_paths(options)]
    pairs.append(_pair("config", {"configMap": {"name": "falco"}}, "/etc/falco/falco.yaml", subPath="falco.yaml"))
    pairs.append(_pair("rules", {"configMap": {"name": "falco-rules"}}, "/etc/falco/rules.d"))
    pairs.append(_pair("tmp", {"emptyDir": {"sizeLimit": "64Mi"}}, "/tmp", readOnly=False))
    if options.get("tls_secret"):
        secret = {"secretName": options["tls_secret"], "defaultMode": 0o400}
        pairs.append(_pair("tls", {"secret": secret}, _TLS_DIR))
    return pairs


def _of_host(path: str, kind: str) -> tuple[Object, Object]:
    name = "host" + path.replace("/", "-").replace(".", "-").replace("_", "-").lower()
    inside = path if path == "/sys/kernel" else _HOST + path
    return _pair(name, {"hostPath": {"path": path, "type": kind}}, inside)


def _pair(name: str, source: Object, path: str, **more: Any) -> tuple[Object, Object]:
    mount = {"name": name, "mountPath": path, "readOnly": True, **more}
    return {key: value for key, value in mount.items() if value is not False}, {"name": name, **source}


def _split(pairs: Sequence[tuple[Object, Object]]) -> tuple[list[Object], list[Object]]:
    return [mount for mount, _volume in pairs], [volume for _mount, volume in pairs]
