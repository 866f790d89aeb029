# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What depends on the authority of client certificates: the certificates of a user that are known, and its rotation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import METADATA_LIST, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import (
    Certificate,
    certificate_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.signing import REQUESTS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

_HOOKS = "/apis/admissionregistration.k8s.io/v1"
# Each with the path of its list and the kind that a person knows it by.
_TRUSTING = {
    "Node": "/api/v1/nodes",
    "ValidatingWebhookConfiguration": f"{_HOOKS}/validatingwebhookconfigurations",
    "MutatingWebhookConfiguration": f"{_HOOKS}/mutatingwebhookconfigurations",
}
_MOST_NAMES = 50


def known_certificates(cluster: Cluster, user: str, held: Iterable[Certificate]) -> list[dict[str, Any]]:
    """The certificates of a user: those held, and those of requests that the cluster still has. Latest end first.

    A cluster forgets an issued certificate's request after an hour; what it does not know, it cannot list.
    """
    found = {each.fingerprint: each for each in (*held, *_requested(cluster, user))}
    return sorted((each.described() for each in found.values()), key=lambda row: str(row["not_after"]), reverse=True)


def _requested(cluster: Cluster, user: str) -> list[Certificate]:
    found = []
    for raw in _items(cluster, REQUESTS, None):
        encoded = (raw.get("status") or {}).get("certificate")
        try:
            certificate = certificate_from(base64.b64decode(encoded).decode()) if encoded else None
        except (K8sError, binascii.Error, UnicodeDecodeError):
            continue
        if certificate is not None and certificate.user == user:
            found.append(certificate)
    return found


def rotation_plan(cluster: Cluster) -> list[dict[str, Any]]:
    """The steps of a rotation of the authority, each with what depends on it. Nothing here is carried out."""
    trusting = {kind: _names(cluster, path) for kind, path in _TRUSTING.items()}
    hooks = [f"{kind} {name}" for kind, names in trusting.items() if kind != "Node" for name in names]
    return [
        {
            "step": "Make a new authority; keep the key of the old one until the last step",
            "depends_on_it": [
                "the files of --client-ca-file and --cluster-signing-cert-file on every control plane node"
            ],
        },
        {
            "step": "Let the API servers trust both authorities (--client-ca-file with both), restarted one by one",
            "depends_on_it": ["every kube-apiserver"],
        },
        {
            "step": "Let every client trust both authorities: certificate-authority-data of kubeconfigs,"
            " the ConfigMaps kube-root-ca.crt, and --root-ca-file of the controller manager",
            "depends_on_it": ["every kubeconfig", "the ConfigMap kube-root-ca.crt of every namespace", *hooks],
        },
        {
            "step": "Sign with the new authority (--cluster-signing-cert-file and its key), and issue anew",
            "depends_on_it": [
                "the kubeconfigs of administrators, controller manager and scheduler",
                "the certificates with which API servers log in at kubelets",
                *(f"the kubelet of Node {name}" for name in trusting["Node"]),
                "the certificates of all users who stay: run k8s_credential for each of them",
            ],
        },
        {
            "step": "Take the old authority out of every place of the second and third step; from then on,"
            " what it signed is worthless, the revoked user's certificates included",
            "depends_on_it": ["every kube-apiserver", "every kubeconfig"],
        },
    ]


def _names(cluster: Cluster, path: str) -> list[str]:
    names = [str(raw["metadata"]["name"]) for raw in _items(cluster, path, METADATA_LIST)]
    shown = sorted(names)[:_MOST_NAMES]
    return [*shown, f"and {len(names) - len(shown)} more"] if len(names) > len(shown) else shown


def _items(cluster: Cluster, path: str, accept: str | None) -> list[dict[str, Any]]:
    """Everything of a list, nothing where it may not be read: a plan with less in it is better than none."""
    try:
        return [item for page in cluster.pages(path, accept=accept) for item in page.get("items") or ()]
    except ApiStatus as exc:
        if exc.status not in (403, 404):
            raise
        return []
