# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ApplySet convention (KEP-3659): a parent object that says what the set contains, a label on each member.

kubectl and other tools that know the convention tell by it what belongs to the set, and that it is ours.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

ID = "applyset.kubernetes.io/id"
PART_OF = "applyset.kubernetes.io/part-of"
TOOLING = "applyset.kubernetes.io/tooling"
GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
# The name of this tool, and the version of how it keeps its parents: a release of the collection leaves them alone.
TOOL = "bulkhead.container_security"
TOOL_VERSION = f"{TOOL}/v1.0.0"

GroupKind = tuple[str, str]


@dataclass(frozen=True)
class Parent:
    """Which object is the parent of a set."""

    name: str
    namespace: str
    kind: str = "ConfigMap"

    @property
    def id(self) -> str:
        """The id of the set, which is the value of its members' label."""
        identity = f"{self.name}.{self.namespace}.{self.kind}."  # the group of both kinds is empty
        digest = base64.urlsafe_b64encode(hashlib.sha256(identity.encode()).digest()).rstrip(b"=").decode()
        return f"applyset-{digest}-v1"

    @property
    def path(self) -> str:
        """The path at the server."""
        plural = "configmaps" if self.kind == "ConfigMap" else "secrets"
        return f"/api/v1/namespaces/{quote(self.namespace, safe='')}/{plural}/{quote(self.name, safe='')}"

    @property
    def title(self) -> str:
        """For messages."""
        return f"{self.kind} {self.namespace}/{self.name}"

    def body(self, scope: Scope) -> dict[str, Any]:
        """The object to apply for a set of this scope."""
        annotations = {TOOLING: TOOL_VERSION, **scope.annotations(self.namespace)}
        metadata = {"name": self.name, "namespace": self.namespace, "labels": {ID: self.id}, "annotations": annotations}
        return {"apiVersion": "v1", "kind": self.kind, "metadata": metadata}


@dataclass(frozen=True)
class Scope:
    """Where the members of a set may be: their kinds and their namespaces."""

    kinds: frozenset[GroupKind]
    namespaces: frozenset[str]

    def __or__(self, other: Scope) -> Scope:
        return Scope(self.kinds | other.kinds, self.namespaces | other.namespaces)

    def annotations(self, own_namespace: str) -> dict[str, str]:
        """As the parent carries them: sorted, and without the parent's own namespace."""
        kinds = sorted(f"{kind}.{group}" if group else kind for group, kind in self.kinds)
        namespaces = sorted(self.namespaces - {own_namespace, ""})
        return {GROUP_KINDS: ",".join(kinds), NAMESPACES: ",".join(namespaces)}


EMPTY = Scope(frozenset(), frozenset())


def scope_of(members: Iterable[tuple[str, str, str]]) -> Scope:
    """The scope of members given as (group, kind, namespace)."""
    every = list(members)
    kinds = frozenset((group, kind) for group, kind, _namespace in every)
    return Scope(kinds, frozenset(namespace for _group, _kind, namespace in every if namespace))


def recorded_scope(parent: Parent, live: Mapping[str, Any] | None) -> Scope:
    """What the live parent says. Raises K8sError when it is no parent, or another tool's."""
    if live is None:
        return EMPTY
    metadata = live.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    tool = str(annotations.get(TOOLING) or "").partition("/")[0]
    if not tool:
        raise K8sError(f"{parent.title} is there already and is no parent of a set: choose another name")
    if tool != TOOL:
        raise K8sError(f"{parent.title} is the parent of a set that {tool} manages: choose another name")
    if labels.get(ID) != parent.id:
        raise K8sError(f"{parent.title} carries the id of another set ({labels.get(ID)}): its label {ID} was changed")
    kinds = (part.partition(".") for part in _parts(annotations.get(GROUP_KINDS)))
    found = frozenset((group, kind) for kind, _dot, group in kinds)
    return Scope(found, frozenset({*_parts(annotations.get(NAMESPACES)), parent.namespace}))


def up_to_date(parent: Parent, live: Mapping[str, Any] | None, scope: Scope) -> bool:
    """Whether the live parent says exactly this."""
    annotations = ((live or {}).get("metadata") or {}).get("annotations") or {}
    wanted = scope.annotations(parent.namespace)
    return live is not None and all((annotations.get(key) or "") == value for key, value in wanted.items())


def owner_of(obj: Mapping[str, Any]) -> str | None:
    """The id of the set that an object says to belong to."""
    labels = (obj.get("metadata") or {}).get("labels") or {}
    return labels.get(PART_OF)


def _parts(text: Any) -> list[str]:
    return [part.strip() for part in str(text or "").split(",") if part.strip()]
