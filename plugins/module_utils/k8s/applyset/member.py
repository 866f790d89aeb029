# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object of a set, what is to become of it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import (
    Definition,
    Key,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import PART_OF
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Resource

CREATED, CHANGED, UNCHANGED, PRUNED, FAILED, SKIPPED = (
    "created", "changed", "unchanged", "pruned", "failed", "skipped",
)  # fmt: skip


@dataclass
class Member:
    """An object that is to be, or that is there and is to go.

    action: what is going to happen, and then what happened. desired: what is sent. live: what was there. result: what
    the server said in a dry run would be there. fields: for a report. predicted: the server could not be asked.
    written: a write of it has been answered with success.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    where: str = ""
    resource: Resource | None = None
    desired: dict[str, Any] = field(default_factory=dict)
    live: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    action: str = UNCHANGED
    fields: list[dict[str, Any]] = field(default_factory=list)
    message: str = ""
    predicted: bool = False
    written: bool = False

    @property
    def group(self) -> str:
        """The API group; empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def key(self) -> Key:
        """As Definition.key."""
        return self.group, self.kind, self.namespace, self.name

    @property
    def title(self) -> str:
        """For messages."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def path(self) -> str:
        """The path of the object at the server."""
        if self.resource is None:
            raise AssertionError("a member without a resource has failed before")
        return self.resource.path(self.namespace or None, self.name)

    def fail(self, message: str) -> None:
        """Keep the reason."""
        self.action, self.message = FAILED, message


def member_of(definition: Definition, applyset_id: str) -> Member:
    """The member that a definition declares, with the label of its set."""
    metadata = dict(definition.body["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), PART_OF: applyset_id}
    return Member(
        definition.api_version,
        definition.kind,
        definition.namespace,
        definition.name,
        definition.where,
        desired={**definition.body, "metadata": metadata},
    )


def found_member(resource: Resource, live: Mapping[str, Any]) -> Member:
    """An object of the cluster that carries the label of the set."""
    metadata = live["metadata"]
    # Items of a list carry neither of the two.
    whole = {"apiVersion": resource.api_version, "kind": resource.kind, **live}
    return Member(
        resource.api_version,
        resource.kind,
        str(metadata.get("namespace") or ""),
        str(metadata["name"]),
        resource=resource,
        live=whole,
    )
