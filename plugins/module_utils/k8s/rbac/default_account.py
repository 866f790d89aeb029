# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default ServiceAccount of namespaces, and whether its token is mounted into pods that do not ask for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import APPLY_PATCH, Cluster

_FIELD = "automountServiceAccountToken"


def default_accounts(cluster: Cluster, namespaces: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The default ServiceAccounts by namespace, from one list; {} where there is none yet, as in a new namespace."""
    pages = cluster.pages("/api/v1/serviceaccounts", query={"fieldSelector": "metadata.name=default"})
    found = {item["metadata"]["namespace"]: item for page in pages for item in page.get("items") or ()}
    return {name: found.get(name, {}) for name in namespaces}


def mounts(account: Mapping[str, Any]) -> bool:
    """Whether the token is mounted: a ServiceAccount that says nothing does."""
    return account.get(_FIELD) is not False


def owned_by(account: Mapping[str, Any], manager: str) -> bool:
    """Whether this field manager has set the field by server-side apply."""
    return any(
        entry.get("manager") == manager
        and entry.get("operation") == "Apply"
        and f"f:{_FIELD}" in (entry.get("fieldsV1") or {})
        for entry in (account.get("metadata") or {}).get("managedFields") or ()
    )


def apply(cluster: Cluster, namespace: str, manager: str, *, keep_token: bool, dry_run: bool) -> None:
    """Own the one field, set to false; or, to keep the token, own nothing, which takes the field away again.

    Raises ApiStatus or Unreachable.
    """
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": namespace},
    }
    if not keep_token:
        body[_FIELD] = False
    query = {"fieldManager": manager, "force": "true", "dryRun": "All" if dry_run else None}
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    cluster.request("PATCH", path, body, query=query, content_type=APPLY_PATCH)
