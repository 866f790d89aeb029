# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of the admission webhook, with what is so where nothing is said. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Declaration = Mapping[str, Any]

HTTPS, HEALTH = 8443, 8080
ETC = "/etc/bulkhead-admission"
NAME_LABEL = "kubernetes.io/metadata.name"
"""The label of a namespace with its name: an API server from 1.21 on sets it, and lets nobody change it."""
DEFAULTS: Declaration = {
    "name": "bulkhead-admission",
    "namespace": "bulkhead-admission",
    "create_namespace": True,
    "image_pull_policy": "IfNotPresent",
    "image_pull_secrets": [],
    "command": ["python3", "-m", "bulkhead_admission"],
    "code": {},
    "replicas": 2,
    "resources": {},
    "node_selector": {},
    "tolerations": [],
    "priority_class": "",
    "settings": {},
    "secrets": {},
    "tls": {},
    "ca_bundle": "",
    "client_ca": "",
    "client_names": [],
    "policies": [],
    "policy_label": "admission.bulkhead.io/policy",
    "exempt_namespaces": [],
    "failure_policy": "Fail",
    "timeout_seconds": 10,
    "object_selector": {},
    "url": "",
    "network_policy": True,
    "egress": [],
    "metrics_from": [],
    "budget_version": "policy/v1",
}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")


class AdmissionError(Exception):
    """A declaration that cannot be meant; the message is one sentence for the user."""


def merged(declared: Declaration) -> dict[str, Any]:
    """The declaration, complete. Raises AdmissionError."""
    unknown = sorted(set(declared) - set(DEFAULTS) - {"image"})
    if unknown:
        raise AdmissionError(f"{', '.join(unknown)}: nothing of this name can be declared")
    found = {**DEFAULTS, **declared}
    if not 1 <= int(found["timeout_seconds"]) <= 30:
        raise AdmissionError(f"timeout_seconds is {found['timeout_seconds']}: an API server waits 1 to 30 seconds")
    if found["failure_policy"] not in ("Fail", "Ignore"):
        raise AdmissionError(f"failure_policy is {found['failure_policy']}: it is Fail or Ignore")
    for policy in found["policies"]:
        if not _LABEL.match(str(policy.get("name"))):
            raise AdmissionError(f"policies: {policy.get('name')!r} cannot be the value of a label: a-z, 0-9 and -")
    return found


def service_names(name: str, namespace: str) -> list[str]:
    """The names of the server's certificate. An API server asks for the second."""
    return [f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local", "localhost"]


def labels(declared: Declaration) -> dict[str, str]:
    """The labels of every object."""
    return {"app.kubernetes.io/name": str(declared["name"]), "app.kubernetes.io/part-of": "bulkhead"}


def thing(declared: Declaration, version: str, kind: str, suffix: str = "", **more: Any) -> dict[str, Any]:
    """An object of the webhook's namespace."""
    metadata = {"name": declared["name"] + suffix, "namespace": declared["namespace"], "labels": labels(declared)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}
