# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every object of Falco on a cluster, from the variables of the role."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.network import (
    dns,
    policy,
    port,
    to_url,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.pod import (
    host_paths,
    labels,
    pod_template,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.sidekick import (
    sidekick_objects,
)

Object = dict[str, Any]
Options = Mapping[str, Any]
_POLICY_GROUP = "policy"
_SECCOMP = {"Unconfined": "unconfined", "RuntimeDefault": "runtime/default"}
DEFAULTS: Options = {
    "namespace": "falco",
    "create_namespace": True,
    "rules": {},
    "image_pull_policy": "IfNotPresent",
    "seccomp_profile": "Unconfined",
    "apparmor_unconfined": True,
    "tolerations": [],
    "resources": {},
    "max_unavailable": 1,
    "pod_security_policy": False,
    "network_policy": True,
    "namespace_label": "kubernetes.io/metadata.name",
    "dns_labels": {},
    "metrics_peers": [],
    "egress": [],
}
"""The options that need not be given."""


def falco_objects(options: Options, config_text: str) -> list[Object]:
    """The objects, ready to be applied. config_text: falco.yaml, which `options["config"]` is parsed.

    Raises FalcoError where the receiver of alerts cannot be reached by its URL.
    """
    namespace = options["namespace"]
    rules = dict(options["rules"])
    content = {"config": config_text, "rules": repr(sorted(rules.items()))}
    checksums = {f"bulkhead.io/{name}": hashlib.sha256(text.encode()).hexdigest() for name, text in content.items()}
    return [
        *([_namespace(namespace)] if options["create_namespace"] else []),
        {**_named("v1", "ServiceAccount", namespace, "falco"), "automountServiceAccountToken": False},
        {**_named("v1", "ConfigMap", namespace, "falco"), "data": {"falco.yaml": config_text}},
        {**_named("v1", "ConfigMap", namespace, "falco-rules"), "data": rules},
        _daemon_set(options, checksums),
        *(_pod_security_policy(options) if options["pod_security_policy"] else []),
        *([_network_policy(options)] if options["network_policy"] else []),
        *(sidekick_objects(options) if options.get("sidekick") else []),
    ]


def _named(api_version: str, kind: str, namespace: str, name: str) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), "labels": labels("falco")}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _namespace(name: str) -> Object:
    """What looks at a whole node is beyond every level of pod security but the last."""
    levels = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "audit", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {**labels("falco"), **levels}},
    }


def _daemon_set(options: Options, checksums: Mapping[str, str]) -> Object:
    spec = {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "falco"}},
        # A node without Falco sees nothing, so few at a time.
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": options["max_unavailable"]}},
        "template": pod_template(options, checksums),
    }
    return {**_named("apps/v1", "DaemonSet", options["namespace"], "falco"), "spec": spec}


def _network_policy(options: Options) -> Object:
    listen = int(options["config"]["webserver"]["listen_port"])
    ingress: list[Object] = [{"from": [peer], "ports": [port(listen)]} for peer in options["metrics_peers"]]
    http = options["config"].get("http_output") or {}
    url = http.get("url", "") if http.get("enabled") else ""
    egress = to_url(url, options["namespace_label"])
    return policy(options["namespace"], "falco", ingress, [dns(options), *egress, *options["egress"]])


def _pod_security_policy(options: Options) -> list[Object]:
    """What the pod needs of a PodSecurityPolicy, and the right to use that for its own account alone."""
    namespace = options["namespace"]
    name = f"bulkhead-falco-{namespace}"
    rule = {
        "apiGroups": [_POLICY_GROUP],
        "resources": ["podsecuritypolicies"],
        "resourceNames": [name],
        "verbs": ["use"],
    }
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "falco-pod-security"}
    subject = {"kind": "ServiceAccount", "name": "falco", "namespace": namespace}
    return [
        {**_named("policy/v1beta1", "PodSecurityPolicy", "", name), "spec": _policy_spec(options)}
        | {"metadata": {"name": name, "labels": labels("falco"), "annotations": _profiles(options)}},
        {**_named("rbac.authorization.k8s.io/v1", "Role", namespace, "falco-pod-security"), "rules": [rule]},
        {
            **_named("rbac.authorization.k8s.io/v1", "RoleBinding", namespace, "falco-pod-security"),
            "roleRef": reference,
            "subjects": [subject],
        },
    ]


def _profiles(options: Options) -> dict[str, str]:
    profiles = {"seccomp.security.alpha.kubernetes.io/allowedProfileNames": _SECCOMP[options["seccomp_profile"]]}
    if options["apparmor_unconfined"]:
        profiles["apparmor.security.beta.kubernetes.io/allowedProfileNames"] = "unconfined"
    return profiles


def _policy_spec(options: Options) -> Object:
    anything = {"rule": "RunAsAny"}
    paths = [{"pathPrefix": path, "readOnly": True} for path, _kind in host_paths(options)]
    return {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "requiredDropCapabilities": ["ALL"],
        "allowedCapabilities": list(options["capabilities"]),
        "volumes": ["configMap", "emptyDir", "hostPath", "secret"],
        "allowedHostPaths": paths,
        "runAsUser": anything,
        "seLinux": anything,
        "fsGroup": anything,
        "supplementalGroups": anything,
    }
