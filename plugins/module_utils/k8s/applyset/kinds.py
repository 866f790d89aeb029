# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource of each definition: as the cluster serves it, or as a CustomResourceDefinition of the set will."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import Definition
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery, Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
_VERBS = frozenset({"get", "list", "patch", "delete", "create"})


class Kinds:
    """Resources by apiVersion and kind."""

    def __init__(self, cluster: Cluster, definitions: Iterable[Definition]) -> None:
        every = list(definitions)
        self.discovery = Discovery(cluster)
        self._cluster = cluster
        self._coming = {
            (resource.api_version, resource.kind): resource for item in every for resource in _made_by(item)
        }
        self._used = {(item.api_version, item.kind) for item in every}

    def preload(self) -> None:
        """Ask for all group versions that are needed, side by side."""
        versions = sorted({api_version for api_version, _kind in self._used} | {"v1"})
        in_parallel(self._served, versions)

    def of(self, definition: Definition) -> Resource:
        """The resource of a definition. Raises K8sError where there is none, or where the namespace does not fit."""
        coming = self._coming.get((definition.api_version, definition.kind))
        if coming is None or self.discovery.serves(definition.api_version, definition.kind):
            coming = self.discovery.resource(definition.api_version, definition.kind)
        if coming.namespaced and not definition.namespace:
            raise K8sError(f"{definition.where}: {definition.kind} {definition.name} needs metadata.namespace")
        if definition.namespace and not coming.namespaced:
            raise K8sError(f"{definition.where}: a {definition.kind} is of no namespace; take metadata.namespace away")
        return coming

    def is_coming(self, resource: Resource) -> bool:
        """Whether only a definition of the set will bring this kind."""
        known = (resource.api_version, resource.kind)
        return known in self._coming and not self.discovery.serves(*known)

    def of_group_kind(self, group: str, kind: str) -> Resource | None:
        """The resource of a kind in the version that the set uses, or else that the server prefers; None: no more."""
        versions = [version for version, used in self._used if used == kind and _group(version) == group]
        for version in versions or self._versions(group):
            if self.discovery.serves(version, kind):
                return self.discovery.resource(version, kind)
        return None

    def _versions(self, group: str) -> list[str]:
        if not group:
            return ["v1"]
        try:
            answer = self._cluster.get(f"/apis/{group}")
        except ApiStatus as exc:
            if exc.status == 404:
                return []
            raise
        preferred = (answer.get("preferredVersion") or {}).get("groupVersion")
        every = [str(version["groupVersion"]) for version in answer.get("versions") or ()]
        return sorted(every, key=lambda version: version != preferred)

    def _served(self, api_version: str) -> None:
        """Fill the cache; who needs the kind is told of any trouble then."""
        try:
            self.discovery.serves(api_version, "")
        except ApiStatus as exc:
            if exc.status == 401:
                raise


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _made_by(definition: Definition) -> list[Resource]:
    """What a CustomResourceDefinition will bring."""
    if definition.key[:2] != CRD:
        return []
    spec = definition.body.get("spec")
    if not isinstance(spec, Mapping) or not isinstance(spec.get("names"), Mapping):
        return []
    versions = spec.get("versions") or [{"name": spec.get("version"), "served": True}]
    return [
        _resource(spec, str(version["name"]))
        for version in versions
        if isinstance(version, Mapping) and version.get("name") and version.get("served", True)
    ]


def _resource(spec: Mapping[str, Any], version: str) -> Resource:
    names = spec["names"]
    namespaced = spec.get("scope") == "Namespaced"
    plural = str(names.get("plural") or "")
    return Resource(str(spec.get("group") or ""), version, str(names.get("kind") or ""), plural, namespaced, _VERBS)
