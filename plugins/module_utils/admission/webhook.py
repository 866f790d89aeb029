# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How API servers come to ask the webhook: ValidatingWebhookConfiguration, or the plugin ImagePolicyWebhook. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import (
    NAME_LABEL,
    Declaration,
    labels,
    merged,
)

_DOMAIN = "images.admission.bulkhead.io"
_ASKED = (
    ("", ["v1"], ["pods", "pods/ephemeralcontainers", "replicationcontrollers"]),
    ("apps", ["v1"], ["deployments", "statefulsets", "daemonsets", "replicasets"]),
    ("batch", ["v1", "v1beta1"], ["jobs", "cronjobs"]),
)
# From here a cluster is repaired: whatever becomes of the webhook, nobody asks it about these.
_NEVER_ASKED = ("kube-system",)


def webhook_configuration(declaration: Declaration) -> dict[str, Any]:
    """The ValidatingWebhookConfiguration: a webhook for each policy, by a label of namespaces, and one for the rest."""
    declared = merged(declaration)
    names = [str(policy["name"]) for policy in declared["policies"]]
    webhooks = [_webhook(declared, f"{name}.{_DOMAIN}", f"/validate/{name}", "In", [name]) for name in names]
    webhooks.append(_webhook(declared, _DOMAIN, "/validate", "NotIn", names))
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": declared["name"], "labels": labels(declared)},
        "webhooks": webhooks,
    }


def image_policy(declaration: Declaration, url: str, allow: int, deny: int, default_allow: bool) -> dict[str, Any]:
    """{configuration: of the plugin ImagePolicyWebhook, without where its kubeconfig is; kubeconfig: that, as a tree}.

    url: by which API servers reach the webhook. allow, deny: seconds that they keep an answer.
    """
    declared = merged(declaration)
    configuration = {"imagePolicy": {"allowTTL": allow, "denyTTL": deny, "defaultAllow": default_allow}}
    configuration["imagePolicy"]["retryBackoff"] = 500
    cluster = {"server": f"{url.rstrip('/')}/imagepolicy", "certificate-authority-data": _coded(declared["ca_bundle"])}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "webhook", "cluster": cluster}],
        "users": [{"name": "apiserver", "user": {}}],
        "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "apiserver"}}],
        "current-context": "webhook",
    }
    return {"configuration": configuration, "kubeconfig": kubeconfig}


def never_asked(declared: Declaration) -> list[str]:
    """The namespaces about which no API server asks: those of above, the webhook's own, and those exempt by name."""
    exempt = [name for name in declared["exempt_namespaces"] if "*" not in name]
    return list(dict.fromkeys((*_NEVER_ASKED, declared["namespace"], *exempt)))


def _webhook(declared: Declaration, name: str, path: str, operator: str, values: list[str]) -> dict[str, Any]:
    expressions = [{"key": NAME_LABEL, "operator": "NotIn", "values": never_asked(declared)}]
    if values:
        expressions.append({"key": declared["policy_label"], "operator": operator, "values": values})
    found = {
        "name": name,
        "clientConfig": _client_config(declared, path),
        "rules": [_rule(*asked) for asked in _ASKED],
        "failurePolicy": declared["failure_policy"],
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": int(declared["timeout_seconds"]),
        "admissionReviewVersions": ["v1", "v1beta1"],
        "namespaceSelector": {"matchExpressions": expressions},
    }
    return {**found, "objectSelector": declared["object_selector"]} if declared["object_selector"] else found


def _client_config(declared: Declaration, path: str) -> dict[str, Any]:
    place: Mapping[str, Any] = {"service": {"name": declared["name"], "namespace": declared["namespace"], "path": path}}
    if declared["url"]:
        place = {"url": f"{declared['url'].rstrip('/')}{path}"}
    return {**place, "caBundle": _coded(declared["ca_bundle"])}


def _rule(group: str, versions: list[str], resources: list[str]) -> dict[str, Any]:
    return {
        "apiGroups": [group],
        "apiVersions": versions,
        "operations": ["CREATE", "UPDATE"],
        "resources": resources,
        "scope": "Namespaced",
    }


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
