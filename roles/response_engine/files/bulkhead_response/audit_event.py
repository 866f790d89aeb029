# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one event of the audit log of an API server says: who asked for what, what came of it, and about which pods.

An event comes from outside. Whatever has another type than audit.k8s.io/v1 gives it is taken for not there.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bulkhead_response.alert import Target

ANONYMOUS = "system:anonymous"
# Requests that go on after their answer has begun: their first event counts, or nobody hears of a shell before it ends.
_ANSWERED = ("ResponseStarted", "ResponseComplete")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")
_UID = re.compile(r"[0-9A-Za-z-]{1,64}\Z")


def mapping(value: Any) -> Mapping[str, Any]:
    """The value itself where it is an object, and an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str:
    """The value itself where it is text, and nothing otherwise."""
    return value if isinstance(value, str) else ""


def items(value: Any) -> list[Any]:
    """The value itself where it is a list, and an empty one otherwise."""
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class AuditEvent:
    """One event of audit.k8s.io/v1, as a dictionary, and what is asked about it."""

    raw: Mapping[str, Any]

    @cached_property
    def reference(self) -> Mapping[str, Any]:
        """The object of the request."""
        return mapping(self.raw.get("objectRef"))

    @cached_property
    def resource(self) -> str:
        """As `[group/]resource[/subresource]`: pods/exec, rbac.authorization.k8s.io/roles. Empty for other paths."""
        parts = (self.reference.get("apiGroup"), self.reference.get("resource"), self.reference.get("subresource"))
        return "/".join(filter(None, map(text, parts)))

    @cached_property
    def verb(self) -> str:
        """What was asked for, such as create."""
        return text(self.raw.get("verb"))

    @cached_property
    def user(self) -> str:
        """Who asked, by their own name, also where they asked in the name of somebody else."""
        return text(mapping(self.raw.get("user")).get("username"))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups of who asked."""
        return tuple(filter(None, map(text, items(mapping(self.raw.get("user")).get("groups")))))

    @cached_property
    def impersonated(self) -> str:
        """In whose name, where that was asked."""
        return text(mapping(self.raw.get("impersonatedUser")).get("username"))

    @cached_property
    def code(self) -> int:
        """The HTTP status of the answer, 0 where the event has none."""
        code = mapping(self.raw.get("responseStatus")).get("code")
        return code if isinstance(code, int) else 0

    @property
    def granted(self) -> bool:
        """Whether it was carried out, or begun to be."""
        return self.raw.get("stage") in _ANSWERED and 0 < self.code < 400

    @cached_property
    def asked(self) -> Mapping[str, Any]:
        """The object that came with the request. Empty at the level Metadata, and for a JSON patch."""
        return mapping(self.raw.get("requestObject"))

    @cached_property
    def became(self) -> Mapping[str, Any]:
        """The object as it is now: of the answer at the level RequestResponse, or else as it was asked for."""
        answer = mapping(self.raw.get("responseObject"))
        return self.asked if not answer or answer.get("kind") == "Status" else answer

    @property
    def path(self) -> str:
        """The path of the request, without its query."""
        return text(self.raw.get("requestURI")).partition("?")[0]

    def asked_by_query(self, name: str) -> str:
        """The first value of a parameter, such as the container of an exec, whose event has no object."""
        query = text(self.raw.get("requestURI")).partition("?")[2][:4096]
        return (urllib.parse.parse_qs(query).get(name) or [""])[0]

    @cached_property
    def name(self) -> str:
        """The object's name. Of one with a generated name only the answer has it."""
        return text(self.reference.get("name")) or text(mapping(self.became.get("metadata")).get("name"))

    @property
    def namespace(self) -> str:
        """The object's namespace."""
        return text(self.reference.get("namespace"))

    @cached_property
    def pod_spec(self) -> Mapping[str, Any]:
        """The spec of the pod that the request is about, or of the pods that its object makes. Empty where none."""
        spec = mapping(self.became.get("spec"))
        for outer in ("jobTemplate", "template"):
            if outer in spec:
                spec = mapping(mapping(spec[outer]).get("spec"))
        return spec

    def containers(self) -> Iterator[Mapping[str, Any]]:
        """All containers of `pod_spec`, init and ephemeral ones among them."""
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            yield from map(mapping, items(self.pod_spec.get(kind)))

    def target(self) -> Target:
        """The pod, where it is about one; its namespace otherwise. What can be no name never becomes one."""
        namespace = self.namespace if _NAME.match(self.namespace) else ""
        if text(self.reference.get("resource")) != "pods":
            return Target(namespace=namespace)
        metadata = mapping(self.became.get("metadata")) if self.became.get("kind") == "Pod" else {}
        uid = text(self.reference.get("uid")) or text(metadata.get("uid"))
        return Target(
            namespace=namespace,
            pod=self.name if _NAME.match(self.name) else "",
            pod_uid=uid if _UID.match(uid) else "",
            container=text(self.asked.get("container")) or self.asked_by_query("container"),
            image=next((text(one.get("image")) for one in self.containers()), ""),
            node=text(self.pod_spec.get("nodeName")),
        )
