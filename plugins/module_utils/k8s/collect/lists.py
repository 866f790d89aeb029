# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of objects, page by page, in the namespaces that are wanted. A page is let go before the next one is asked for.

Whole objects where they are judged, metadata or a table where these say enough: a Secret's data never comes over the
wire.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import (
    METADATA_LIST,
    TABLE,
    Cluster,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Namespaces:
    """Which namespaces are audited: only those named, where some are, and none that a pattern excludes."""

    only: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def has(self, name: str) -> bool:
        """Whether objects of this namespace are wanted."""
        if self.only and name not in self.only:
            return False
        return not any(fnmatch.fnmatchcase(name, pattern) for pattern in self.exclude)


@dataclass(frozen=True)
class Lists:
    """The lists of one cluster. Paths are of all namespaces, such as /apis/apps/v1/deployments."""

    cluster: Cluster
    namespaces: Namespaces

    def objects(self, path: str, **query: object) -> Iterator[Json]:
        """The wanted objects, whole. Raises K8sError."""
        return self._items(path, None, query)

    def cluster_objects(self, path: str, **query: object) -> Iterator[Json]:
        """Objects of a kind that has no namespace, whole. Raises K8sError."""
        for page in self.cluster.pages(path, query=query):
            yield from page.pop("items", None) or ()

    def metadata(self, path: str, **query: object) -> Iterator[Json]:
        """The wanted objects, of which there is only apiVersion, kind and metadata. Raises K8sError."""
        return self._items(path, METADATA_LIST, query)

    def rows(self, path: str) -> Iterator[tuple[Json, Json]]:
        """(metadata, {column: cell}) of the wanted objects, as printed by the server. Raises K8sError."""
        for where in self._paths(path):
            # Later pages leave the columns out.
            columns: list[str] = []
            for page in self.cluster.pages(where, query={"includeObject": "Metadata"}, accept=TABLE):
                columns = [str(column.get("name")) for column in page.get("columnDefinitions") or ()] or columns
                for row in page.get("rows") or ():
                    metadata = (row.get("object") or {}).get("metadata") or {}
                    if self.namespaces.has(str(metadata.get("namespace") or "")):
                        yield metadata, dict(zip(columns, row.get("cells") or ()))

    def _items(self, path: str, accept: str | None, query: dict[str, object]) -> Iterator[Json]:
        for where in self._paths(path):
            for page in self.cluster.pages(where, query=query, accept=accept):
                for item in page.pop("items", None) or ():
                    namespace = (item.get("metadata") or {}).get("namespace")
                    if namespace is None or self.namespaces.has(str(namespace)):
                        yield item

    def _paths(self, path: str) -> list[str]:
        """One list of everything, or one of each namespace that was named: a user may be allowed no more than that."""
        head, _slash, plural = path.rpartition("/")
        return [f"{head}/namespaces/{name}/{plural}" for name in self.namespaces.only] or [path]
