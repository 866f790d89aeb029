# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of namespaces that belong to somebody else: ours by server-side apply, the namespaces untouched.

A field manager owns the labels that it has set. A label that is no longer wanted goes when its owner applies without
it; so what this manager owns is all that has to be remembered, and the API server remembers it. Nothing is ever deleted
but labels of this manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import (
    APPLY_PATCH,
    JSON,
    METADATA_LIST,
    Cluster,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

Labels = Mapping[str, str]
_PATH = "/api/v1/namespaces"


@dataclass(frozen=True)
class Change:
    """Of one namespace: the labels of this manager before and after. made: the namespace itself is new."""

    name: str
    before: Labels
    after: Labels
    made: bool = False


def plan(cluster: Cluster, wanted: Mapping[str, Labels], manager: str, *, create: bool) -> list[Change]:
    """What differs from what is wanted, which is all that the manager is to own in the whole cluster.

    wanted: {namespace: labels}. Raises K8sError, also for a namespace that is not there and is not to be made.
    """
    found = {str(item["metadata"]["name"]): item["metadata"] for item in _namespaces(cluster)}
    missing = sorted(set(wanted) - set(found))
    if missing and not create:
        raise K8sError(f"There is no namespace {', '.join(missing)}: make it, or let it be made (create)")
    changes = [Change(name, {}, dict(wanted[name]), made=True) for name in missing]
    for name, metadata in sorted(found.items()):
        before, after = _owned(metadata, manager), dict(wanted.get(name) or {})
        if before != after:
            changes.append(Change(name, before, after))
    return changes


def apply(cluster: Cluster, changes: list[Change], manager: str, *, force: bool, dry_run: bool) -> None:
    """Carry the changes out, or have the API server judge them. Raises K8sError, a conflict among them."""
    for change in changes:
        metadata = {"name": change.name, **({"labels": dict(change.after)} if change.after else {})}
        query = {"fieldManager": manager, "force": force, "dryRun": "All" if dry_run else None}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        try:
            cluster.request("PATCH", f"{_PATH}/{change.name}", body, query=query, content_type=APPLY_PATCH)
        except ApiStatus as exc:
            raise _told(exc, change) from exc


def _told(exc: ApiStatus, change: Change) -> K8sError:
    if exc.status != 409:
        return exc
    causes = exc.details.get("causes") or ()
    said = "; ".join(f"{cause.get('field')}: {cause.get('message')}" for cause in causes)
    return K8sError(f"Namespace {change.name}: labels are set by others ({said}); force_conflicts takes them over")


def _namespaces(cluster: Cluster) -> list[dict[str, Any]]:
    pages = cluster.pages(_PATH, accept=f"{METADATA_LIST},{JSON}")
    return [item for page in pages for item in page.get("items") or ()]


def _owned(metadata: Mapping[str, Any], manager: str) -> dict[str, str]:
    """The labels that the manager has applied, with the values that they have now, whoever set these."""
    labels = metadata.get("labels") or {}
    names = [
        field[2:]
        for entry in metadata.get("managedFields") or ()
        if entry.get("manager") == manager and entry.get("operation") == "Apply"
        for field in ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:labels") or {}
        if field.startswith("f:")
    ]
    return {name: str(labels[name]) for name in sorted(names) if name in labels}
