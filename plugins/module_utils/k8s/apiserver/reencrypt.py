# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the API server write objects anew, so that the key that writes now has written all of them.

An empty patch changes no object, and the API server stores it only where another key, or none, wrote it last: it
tells by itself. Only metadata is asked for, so that no Secret's data ever comes here. What was done stays done, so a
run that was cut off is continued by the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import (
    METADATA,
    METADATA_LIST,
    Cluster,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery, Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

_MERGE_PATCH = "application/merge-patch+json"
# The server itself tries again; what still conflicts is being written by others, with the right key.
_TRIES = 3


@dataclass
class Rewritten:
    """What came of one resource. `failed`: {namespace, name, message} of what could not be written."""

    resource: str
    objects: int = 0
    rewritten: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)


def resources_named(discovery: Discovery, names: Iterable[str]) -> list[Resource]:
    """The resources that an EncryptionConfiguration calls by these names, such as secrets or widgets.example.com.

    Raises K8sError for a name that stands for nothing.
    """
    served = [each for each in discovery.resources() if {"list", "patch"} <= each.verbs]
    chosen: dict[tuple[str, str], Resource] = {}
    for name in names:
        plural, _dot, group = name.partition(".")
        found = [each for each in served if _matches(each, plural, group)]
        if not found:
            raise K8sError(f"resources: the cluster serves no {name} that could be written anew")
        for each in found:
            chosen.setdefault((each.group, each.plural), each)
    return list(chosen.values())


def _matches(resource: Resource, plural: str, group: str) -> bool:
    # As in the configuration: "*." is the core group, "*.*" is everything.
    return plural in ("*", resource.plural) and (group in ("*", resource.group))


def count(cluster: Cluster, resource: Resource) -> Rewritten:
    """How many objects there are to be asked for; nothing is written."""
    result = Rewritten(_name(resource))
    for page in cluster.pages(resource.path(), accept=METADATA_LIST):
        result.objects += len(page.get("items") or ())
    return result


def rewrite(cluster: Cluster, resource: Resource) -> Rewritten:
    """Have every object written anew that the key which writes now did not write. Raises Unreachable."""
    result = Rewritten(_name(resource))
    for page in cluster.pages(resource.path(), accept=METADATA_LIST):
        metadata = [item["metadata"] for item in page.get("items") or ()]
        for meta, outcome in zip(metadata, in_parallel(lambda each: _touch(cluster, resource, each), metadata)):
            result.objects += 1
            if isinstance(outcome, ApiStatus):
                where = {"namespace": str(meta.get("namespace") or ""), "name": str(meta["name"])}
                result.failed.append({**where, "message": str(outcome)})
            else:
                result.rewritten += outcome
    return result


def _touch(cluster: Cluster, resource: Resource, meta: Mapping[str, Any]) -> bool | ApiStatus:
    """Whether the object was stored anew; the refusal where it could not be."""
    path = resource.path(meta.get("namespace"), meta["name"])
    for attempt in range(1, _TRIES + 1):
        try:
            answer = cluster.request("PATCH", path, {}, content_type=_MERGE_PATCH, accept=METADATA)
        except ApiStatus as exc:
            if exc.status == 404:
                return False
            if exc.status != 409 or attempt == _TRIES:
                return exc
        else:
            return bool(answer["metadata"]["resourceVersion"] != meta["resourceVersion"])
    return False


def _name(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural
