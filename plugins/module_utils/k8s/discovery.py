# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kinds a cluster serves, and under which paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel


@dataclass(frozen=True)
class Resource:
    """One kind as one version of its group serves it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]
    subresources: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        """As in an object's apiVersion: v1, apps/v1."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of one object, or of the list of a namespace, or of all; names are escaped."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/" + "/".join(_escaped(part) for part in parts)


def _escaped(part: str) -> str:
    if part in (".", ".."):
        raise K8sError(f"{part!r} is no name of an object")
    return quote(part, safe="")


class Discovery:
    """The kinds of one cluster. Each group version is asked for when it is first needed, and once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._versions: dict[str, tuple[Resource, ...]] = {}

    def resource(self, api_version: str, kind: str) -> Resource:
        """The resource that serves this kind. Raises K8sError where there is none."""
        for found in self._of(api_version):
            if found.kind == kind:
                return found
        raise K8sError(f"{self._cluster.address} does not serve {api_version} {kind}")

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the cluster has this kind."""
        return any(found.kind == kind for found in self._of(api_version))

    def resources(self) -> list[Resource]:
        """Every kind of every version of every group. Groups whose server does not answer are left out."""
        groups = self._cluster.get("/apis").get("groups") or ()
        names = [version["groupVersion"] for group in groups for version in group.get("versions") or ()]
        found = in_parallel(self._of_or_none, ["v1", *names])
        return [resource for resources in found for resource in resources]

    def refresh(self) -> None:
        """Forget what is known, as after a CustomResourceDefinition was made."""
        self._versions.clear()

    def _of(self, api_version: str) -> tuple[Resource, ...]:
        if api_version not in self._versions:
            self._versions[api_version] = self._asked(api_version)
        return self._versions[api_version]

    def _of_or_none(self, api_version: str) -> tuple[Resource, ...]:
        try:
            return self._of(api_version)
        except ApiStatus as exc:
            if exc.status == 401:
                raise
            return ()  # an aggregated API whose own server is down

    def _asked(self, api_version: str) -> tuple[Resource, ...]:
        path = "/".join(_escaped(part) for part in api_version.split("/"))
        try:
            answer = self._cluster.get(f"/apis/{path}" if "/" in api_version else f"/api/{path}")
        except ApiStatus as exc:
            if exc.status == 404:
                return ()
            raise
        return tuple(_resources(api_version, answer.get("resources") or ()))


def _resources(api_version: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[Resource]:
    group, _slash, version = api_version.rpartition("/")
    every = list(rows)
    subresources: dict[str, set[str]] = {}
    for row in every:
        plural, slash, subresource = str(row["name"]).partition("/")
        if slash:
            subresources.setdefault(plural, set()).add(subresource)
    for row in every:
        if "/" not in row["name"]:
            yield Resource(
                group,
                version,
                str(row["kind"]),
                str(row["name"]),
                bool(row.get("namespaced")),
                frozenset(row.get("verbs") or ()),
                frozenset(subresources.get(row["name"], ())),
            )
