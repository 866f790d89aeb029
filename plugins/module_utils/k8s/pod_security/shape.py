# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a pod that the standards read, and what each field must be.

A pod that the API server would not even decode is not judged by guesswork: what is of the wrong type is left out of the
pod and named as a fault. `null` is the same as unset, as it is to the API server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

Shape = Any
Json = dict[str, Any]

_NAMES = {bool: "true or false", int: "a whole number", str: "a text"}
# Stands for "a field of any name", and "anything at all".
ANY_FIELD = "*"
ANYTHING = object()

_PROFILE = {"type": str, "localhostProfile": str}
_SE_LINUX = {"type": str, "user": str, "role": str, "level": str}
_HANDLER = {"httpGet": {"host": str}, "tcpSocket": {"host": str}}
_SHARED_CONTEXT = {
    "appArmorProfile": _PROFILE,
    "runAsGroup": int,
    "runAsNonRoot": bool,
    "runAsUser": int,
    "seLinuxOptions": _SE_LINUX,
    "seccompProfile": _PROFILE,
    "windowsOptions": {"hostProcess": bool},
}
_CONTAINER = {
    "name": str,
    "image": str,
    "ports": [{"hostPort": int}],
    "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
    "livenessProbe": _HANDLER,
    "readinessProbe": _HANDLER,
    "startupProbe": _HANDLER,
    "resources": {"limits": {ANY_FIELD: ANYTHING}},
    "securityContext": {
        **_SHARED_CONTEXT,
        "allowPrivilegeEscalation": bool,
        "capabilities": {"add": [str], "drop": [str]},
        "privileged": bool,
        "procMount": str,
        "readOnlyRootFilesystem": bool,
    },
}
SPEC: Mapping[str, Shape] = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "ephemeralContainers": [_CONTAINER],
    "hostIPC": bool,
    "hostNetwork": bool,
    "hostPID": bool,
    "hostUsers": bool,
    "os": {"name": str},
    "resources": {"limits": {ANY_FIELD: ANYTHING}},
    "runtimeClassName": str,
    "securityContext": {
        **_SHARED_CONTEXT,
        "fsGroup": int,
        "supplementalGroups": [int],
        "sysctls": [{"name": str}],
    },
    "volumes": [{"name": str, ANY_FIELD: ANYTHING}],
}
METADATA: Mapping[str, Shape] = {"annotations": {ANY_FIELD: str}}


class Reading:
    """One pod on its way through the shapes; collects the faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, value: Any, shape: Shape, path: str) -> Any:
        """The value with nothing in it that is not of its shape; None where nothing is left."""
        if value is None or shape is ANYTHING:
            return value
        if isinstance(shape, Mapping):
            return self._mapping(value, shape, path)
        if isinstance(shape, list):
            return self._list(value, shape[0], path)
        if isinstance(value, shape) and isinstance(value, bool) == (shape is bool):
            return value
        return self._fault(path, _NAMES[shape], value)

    def _mapping(self, value: Any, shape: Mapping[str, Shape], path: str) -> Json | None:
        if not isinstance(value, Mapping):
            self._fault(path, "a mapping", value)
            return None
        return dict(self._fields(value, shape, path))

    def _fields(self, value: Mapping[Any, Any], shape: Mapping[str, Shape], path: str) -> Iterator[tuple[str, Any]]:
        others = shape.get(ANY_FIELD)
        for name, item in value.items():
            wanted = shape.get(name, others) if isinstance(name, str) else others
            if wanted is None:
                continue
            if not isinstance(name, str):
                self._fault(path, "a mapping of texts", name)
                continue
            read = self.read(item, wanted, f"{path}.{name}")
            if read is not None:
                yield name, read

    def _list(self, value: Any, shape: Shape, path: str) -> list[Any] | None:
        if not isinstance(value, (list, tuple)):
            self._fault(path, "a list", value)
            return None
        # The API server decodes a null in a list as an item of which nothing is set.
        items = [_empty(shape) if item is None else item for item in value]
        read = [self.read(item, shape, f"{path}[{number}]") for number, item in enumerate(items)]
        return [item for item in read if item is not None]

    def _fault(self, path: str, wanted: str, value: Any) -> None:
        self.faults.append(Fault(path, value=f"{wanted} is wanted at {path}, not {_kind(value)}"))


def _empty(shape: Shape) -> Any:
    return {} if isinstance(shape, Mapping) else shape()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, (list, tuple)) else "a mapping"
