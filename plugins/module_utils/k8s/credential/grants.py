# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bindings that name a subject: found, and changed so that they name it no more while all others stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    GROUP,
    SERVICE_ACCOUNT,
    USER,
    Subject,
)

Object = Mapping[str, Any]
_GROUP = "/apis/rbac.authorization.k8s.io/v1"
_PLURALS = {"ClusterRoleBinding": "clusterrolebindings", "RoleBinding": "rolebindings"}
# Somebody else may write a binding at the same moment; the third time it is no coincidence.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Grant:
    """One binding that names the subject. `raw` is the whole object, `others` the subjects that it names beside."""

    kind: str
    raw: Object
    others: Sequence[Object]

    @property
    def path(self) -> str:
        """Where the binding is."""
        metadata = self.raw["metadata"]
        space = f"/namespaces/{quote(metadata['namespace'], safe='')}" if metadata.get("namespace") else ""
        return f"{_GROUP}{space}/{_PLURALS[self.kind]}/{quote(metadata['name'], safe='')}"

    @property
    def action(self) -> str:
        """What becomes of the binding: `deleted` where it names nobody else, else `subject_removed`."""
        return "subject_removed" if self.others else "deleted"

    def as_dict(self) -> dict[str, str]:
        """As the module returns it."""
        return {**binding_as_dict(self.kind, self.raw), "action": self.action}


def binding_as_dict(kind: str, raw: Object) -> dict[str, str]:
    """A binding and its role, in few words."""
    metadata, role = raw["metadata"], raw.get("roleRef") or {}
    shown = {"kind": kind, "namespace": str(metadata.get("namespace") or ""), "name": str(metadata["name"])}
    return {**shown, "role": f"{role.get('kind')} {role.get('name')}"}


def bindings(cluster: Cluster) -> Iterator[tuple[str, Object]]:
    """(kind, object) of every binding of the cluster. Raises K8sError."""
    for kind, plural in _PLURALS.items():
        for page in cluster.pages(f"{_GROUP}/{plural}"):
            for raw in page.get("items") or ():
                yield kind, raw


def grants_of(subject: Subject, every: Iterable[tuple[str, Object]]) -> list[Grant]:
    """The bindings that name a user or a ServiceAccount, the latter also by its name as a user."""
    found = []
    for kind, raw in every:
        subjects = raw.get("subjects") or ()
        others = [each for each in subjects if not names(subject, each)]
        if len(others) < len(subjects):
            found.append(Grant(kind, raw, others))
    return found


def names(subject: Subject, row: Object) -> bool:
    """Whether a row of a binding's subjects is this subject."""
    if row.get("kind") == USER:
        return bool(row.get("name") == subject.username)
    if row.get("kind") == SERVICE_ACCOUNT:
        return (
            Subject(SERVICE_ACCOUNT, str(row.get("name")), str(row.get("namespace") or "")).username == subject.username
        )
    return False


def granted_to_groups(groups: Iterable[str], every: Iterable[tuple[str, Object]]) -> list[dict[str, str]]:
    """The bindings through which members of these groups have access, as the module returns them."""
    wanted = set(groups)
    return [
        {"group": str(row["name"]), **binding_as_dict(kind, raw)}
        for kind, raw in every
        for row in raw.get("subjects") or ()
        if row.get("kind") == GROUP and row.get("name") in wanted
    ]


def take_away(cluster: Cluster, grant: Grant, subject: Subject) -> None:
    """Take a subject out of a binding, whoever else writes it meanwhile. Raises K8sError."""
    current: Grant | None = grant
    for attempt in range(_ATTEMPTS):
        try:
            if current is not None:
                _write(cluster, current)
            return
        except ApiStatus as exc:
            if exc.status != 409 or attempt == _ATTEMPTS - 1:
                raise
        current = _again(cluster, grant, subject)


def _write(cluster: Cluster, grant: Grant) -> None:
    """Both ways name the version that was read, so that no subject is lost that came since."""
    metadata = grant.raw["metadata"]
    if grant.others:
        cluster.request("PUT", grant.path, {**grant.raw, "kind": grant.kind, "subjects": list(grant.others)})
        return
    seen = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    try:
        cluster.request("DELETE", grant.path, {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": seen})
    except ApiStatus as exc:
        if exc.status != 404:
            raise


def _again(cluster: Cluster, grant: Grant, subject: Subject) -> Grant | None:
    try:
        raw = cluster.get(grant.path)
    except ApiStatus as exc:
        if exc.status != 404:
            raise
        return None
    return next(iter(grants_of(subject, [(grant.kind, raw)])), None)
