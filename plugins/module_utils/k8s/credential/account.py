# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make every token of a ServiceAccount worthless: delete those in Secrets, and make the account anew.

Tokens that were bound to the old account name its uid, which the new one does not have. The new one keeps what people
wrote into the old one: labels, annotations, pull secrets, and whether its token is mounted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.token import (
    account_path,
    delete_secret,
    service_account,
    token_secrets,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Subject

_ENDED = ("Succeeded", "Failed")
_KEPT_METADATA = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True)
class AccountReset:
    """What is known of the account: itself, the Secrets with its tokens by name, and the pods that use it."""

    raw: Mapping[str, Any]
    secrets: Sequence[str]
    pods: Sequence[str]

    @property
    def namespace(self) -> str:
        """Where it is."""
        return str(self.raw["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.raw["metadata"]["name"])

    def removed(self) -> list[dict[str, str]]:
        """As the module returns it."""
        rows = [("Secret", name, "deleted") for name in self.secrets] + [("ServiceAccount", self.name, "recreated")]
        return [
            {"kind": kind, "namespace": self.namespace, "name": name, "role": "", "action": action}
            for kind, name, action in rows
        ]


def plan_reset(cluster: Cluster, subject: Subject) -> AccountReset:
    """What there is to make worthless. Raises K8sError where there is no such ServiceAccount."""
    raw = {"kind": "ServiceAccount", **service_account(cluster, subject.namespace, subject.name)}
    secrets = [str(each["name"]) for each in token_secrets(cluster, subject.namespace, subject.name)]
    return AccountReset(raw, sorted(secrets), _pods(cluster, subject))


def reset(cluster: Cluster, account: AccountReset) -> None:
    """Carry it out. The account is made again even where somebody else, such as a controller, was faster."""
    for name in account.secrets:
        delete_secret(cluster, account.namespace, name)
    seen = {"uid": account.raw["metadata"]["uid"]}
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": seen}
    try:
        cluster.request("DELETE", account_path(account.namespace, account.name), options)
    except ApiStatus as exc:
        if exc.status != 404:
            raise
    _recreate(cluster, account)


def _recreate(cluster: Cluster, account: AccountReset) -> None:
    path, body = account_path(account.namespace, account.name), _renewed(account)
    try:
        cluster.request("POST", path.rpartition("/")[0], body)
    except ApiStatus as exc:
        # The account `default` is made by a controller as soon as it is gone; it lacks what people wrote into it.
        if exc.status != 409:
            raise
        cluster.request("PATCH", path, body, content_type="application/merge-patch+json")


def _renewed(account: AccountReset) -> dict[str, Any]:
    metadata = {key: account.raw["metadata"][key] for key in _KEPT_METADATA if account.raw["metadata"].get(key)}
    mounted = [each for each in account.raw.get("secrets") or () if each.get("name") not in account.secrets]
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    if mounted:
        body["secrets"] = mounted
    for key in ("imagePullSecrets", "automountServiceAccountToken"):
        if account.raw.get(key) is not None:
            body[key] = account.raw[key]
    return body


def _pods(cluster: Cluster, subject: Subject) -> list[str]:
    path = f"/api/v1/namespaces/{quote(subject.namespace, safe='')}/pods"
    pages = cluster.pages(path, query={"fieldSelector": f"spec.serviceAccountName={subject.name}"})
    return sorted(
        f"{subject.namespace}/{pod['metadata']['name']}"
        for page in pages
        for pod in page.get("items") or ()
        if (pod.get("status") or {}).get("phase") not in _ENDED
    )
