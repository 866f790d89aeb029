# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and bindings as one picture, from plain objects of the API or of manifests; whatever is null is empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Rule, rules_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    KINDS,
    SERVICE_ACCOUNT,
    USER,
    Subject,
    service_account_of,
)

ROLE, CLUSTER_ROLE = "Role", "ClusterRole"
ROLE_BINDING, CLUSTER_ROLE_BINDING = "RoleBinding", "ClusterRoleBinding"

Object = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class RoleRef:
    """Which role: a ClusterRole has no namespace."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def text(self) -> str:
        """The role in one line: `ClusterRole view`, `Role shop/deployer`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def as_dict(self) -> dict[str, str]:
        """As findings and return values show it."""
        shown = {"kind": self.kind, "name": self.name}
        return {**shown, "namespace": self.namespace} if self.namespace else shown


@dataclass(frozen=True)
class Role:
    """A Role or ClusterRole. `selectors` are those of a ClusterRole that is made of others, else None."""

    ref: RoleRef
    rules: tuple[Rule, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    selectors: tuple[Object, ...] | None = None


@dataclass(frozen=True)
class Binding:
    """A RoleBinding, or a ClusterRoleBinding, which has no namespace and counts in all of them."""

    kind: str
    name: str
    namespace: str
    role: RoleRef
    subjects: tuple[Subject, ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[Subject, ...]:
        """The subjects that the API server sees: each once, and no ServiceAccount that is of no namespace."""
        seen = dict.fromkeys(self.subjects)
        return tuple(subject for subject in seen if subject.kind != SERVICE_ACCOUNT or subject.namespace)

    @property
    def text(self) -> str:
        """The binding in one line: `RoleBinding shop/deployers`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def as_dict(self) -> dict[str, str]:
        """As findings and return values show it."""
        shown = {"kind": self.kind, "name": self.name}
        return {**shown, "namespace": self.namespace} if self.namespace else shown


@dataclass(frozen=True)
class Account:
    """A ServiceAccount: `automount` is None where it says nothing, which mounts the token as True does."""

    subject: Subject
    automount: bool | None
    annotations: Mapping[str, str] = field(default_factory=dict)


def account_from(raw: Object) -> Account:
    """A ServiceAccount. Raises K8sError where it has no name."""
    metadata = _metadata(raw, SERVICE_ACCOUNT)
    subject = Subject(SERVICE_ACCOUNT, metadata["name"], metadata["namespace"])
    return Account(subject, raw.get("automountServiceAccountToken"), metadata["annotations"])


def role_from(raw: Object, kind: str) -> Role:
    """A role; `kind` is what it is where the object, as an item of a list, does not say. Raises K8sError."""
    metadata = _metadata(raw, kind)
    namespace = metadata["namespace"] if kind == ROLE else ""
    ref = RoleRef(kind, metadata["name"], namespace)
    aggregation = raw.get("aggregationRule") if kind == CLUSTER_ROLE else None
    selectors = tuple(aggregation.get("clusterRoleSelectors") or ()) if isinstance(aggregation, Mapping) else None
    return Role(ref, rules_from(raw.get("rules"), ref.text), metadata["labels"], metadata["annotations"], selectors)


def binding_from(raw: Object, kind: str) -> Binding:
    """A binding; `kind` as of role_from. Raises K8sError for what the API server would never have stored."""
    metadata = _metadata(raw, kind)
    namespace = metadata["namespace"] if kind == ROLE_BINDING else ""
    where = f"{kind} {metadata['name']}"
    ref = raw.get("roleRef")
    if not isinstance(ref, Mapping) or not isinstance(ref.get("name"), str):
        raise K8sError(f"{where}: roleRef names no role")
    role_kind = str(ref.get("kind") or "")
    role = RoleRef(role_kind, ref["name"], namespace if role_kind == ROLE else "")
    subjects = tuple(_subject(item, namespace, where) for item in _list(raw.get("subjects"), f"{where}: subjects"))
    return Binding(kind, metadata["name"], namespace, role, subjects, metadata["labels"])


def _subject(raw: object, namespace: str, where: str) -> Subject:
    """A ServiceAccount without a namespace is of the binding's own; one that is named as a user is itself, too."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
        raise K8sError(f"{where}: a subject has kind and name, not {raw!r}")
    kind = str(raw.get("kind") or "")
    if kind not in KINDS:
        raise K8sError(f"{where}: a subject is a User, a Group or a ServiceAccount, not {kind!r}")
    if kind == SERVICE_ACCOUNT:
        return Subject(kind, raw["name"], str(raw.get("namespace") or namespace))
    account = service_account_of(raw["name"]) if kind == USER else None
    return account or Subject(kind, raw["name"])


def _metadata(raw: Object, kind: str) -> dict[str, Any]:
    metadata = raw.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str):
        raise K8sError(f"{kind}: an object has no metadata.name")
    return {
        "name": metadata["name"],
        "namespace": str(metadata.get("namespace") or "default"),
        "labels": metadata.get("labels") or {},
        "annotations": metadata.get("annotations") or {},
    }


def _list(value: Any, where: str) -> Iterable[Any]:
    if value is not None and not isinstance(value, (list, tuple)):
        raise K8sError(f"{where} is a list, not {value!r}")
    return value or ()
