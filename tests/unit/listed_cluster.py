# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster whose lists are prepared, for what collects facts from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import (
    METADATA_LIST,
    TABLE,
    Version,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

Object = dict[str, Any]


class ListedCluster:
    """Answers lists by their path, in pages of two objects; 404 for what is not prepared, or a status that is."""

    address = "https://cluster.test"
    client_certificate_file = None
    ca_file = None
    requests = 0

    def __init__(self, lists: Mapping[str, Sequence[Object] | int], version: tuple[int, int] = (1, 20)) -> None:
        self.version = Version(*version, f"v{version[0]}.{version[1]}.0")
        self.asked: list[tuple[str, str | None]] = []
        self._lists = lists

    def get(self, path: str, *, query: object = None, accept: str | None = None) -> Any:
        """The one object of a prepared path."""
        del query
        self.asked.append((path, accept))
        return self._found(path)[0]

    def pages(
        self, path: str, *, query: object = None, accept: str | None = None, limit: int = 500
    ) -> Iterator[Object]:
        """The prepared objects, as much of them as was asked for."""
        del query, limit
        self.asked.append((path, accept))
        found = self._found(path)
        for start in range(0, max(len(found), 1), 2):
            part = found[start : start + 2]
            if accept == TABLE:
                columns = [{"name": "Type"}, {"name": "Data"}] if start == 0 else []
                rows = [{"object": {"metadata": each["metadata"]}, "cells": _cells(each)} for each in part]
                yield {"columnDefinitions": columns, "rows": rows}
            elif accept == METADATA_LIST:
                yield {"items": [{"metadata": each["metadata"]} for each in part]}
            else:
                yield {"items": part}

    def _found(self, path: str) -> Sequence[Object]:
        found = self._lists.get(path, 404)
        if isinstance(found, int):
            message = "may not be read" if found == 403 else "there is none"
            raise ApiStatus(found, {"message": f"{path} {message}"}, f"GET {path}")
        return found


def _cells(secret: Object) -> list[Any]:
    return [secret.get("type", "Opaque"), len(secret.get("data", {}))]
