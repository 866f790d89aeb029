# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod as the checks see it: of clean shape, its containers of every kind in one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.shape import (
    METADATA,
    SPEC,
    Reading,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

Json = Mapping[str, Any]

_KINDS_OF_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Holder:
    """What has a security context: the pod, or one of its containers. `name` is "" for the pod."""

    path: str
    name: str
    body: Json
    kind: str = ""

    @property
    def context(self) -> Json:
        """The security context, empty where there is none."""
        found: Json = self.body.get("securityContext") or {}
        return found

    def fault(self, field: str, value: Any = None) -> Fault:
        """Something wrong in this holder. `field`: the path from the holder on."""
        return Fault(f"{self.path}.{field}", self.name, value)

    def context_fault(self, field: str, value: Any = None) -> Fault:
        """Something wrong in its security context."""
        return self.fault(f"securityContext.{field}", value)


@dataclass(frozen=True)
class Pod:
    """A pod, or the template of one."""

    annotations: Json
    spec: Json
    containers: tuple[Holder, ...]
    malformed: tuple[Fault, ...] = ()

    @property
    def itself(self) -> Holder:
        """The pod as the holder of its own security context."""
        return Holder("spec", "", self.spec)

    @property
    def holders(self) -> Iterator[Holder]:
        """The pod, then each container."""
        yield self.itself
        yield from self.containers

    @property
    def is_windows(self) -> bool:
        """Whether the pod says that it is for Windows, where fields of Linux cannot be set."""
        return (self.spec.get("os") or {}).get("name") == "windows"

    @property
    def in_user_namespace(self) -> bool:
        """Whether root in the pod is nobody on the node."""
        return self.spec.get("hostUsers") is False


def read_pod(metadata: Any, spec: Any) -> Pod:
    """The pod of any metadata and spec, however malformed; what was wrong with them is in `malformed`."""
    reading = Reading()
    annotations = (reading.read(metadata, METADATA, "metadata") or {}).get("annotations") or {}
    clean = reading.read(spec, SPEC, "spec") or {}
    if spec is None:
        reading.faults.append(Fault("spec", value="there is no spec"))
    return Pod(annotations, clean, tuple(_containers(clean)), tuple(reading.faults))


def _containers(spec: Json) -> Iterator[Holder]:
    for kind in _KINDS_OF_CONTAINERS:
        for number, body in enumerate(spec.get(kind) or ()):
            path = f"spec.{kind}[{number}]"
            yield Holder(path, body.get("name") or path, body, kind)
