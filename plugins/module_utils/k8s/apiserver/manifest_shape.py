# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the parts of a static pod's manifest are of the types that a kubelet takes, before they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def _mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _words(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(each, (list, Mapping)) for each in value)


_Check = tuple[str, Callable[[Any], bool], str]
_POD: tuple[_Check, ...] = (
    ("metadata", _mapping, "a mapping"),
    ("metadata.annotations", _mapping, "a mapping"),
    ("spec", _mapping, "a mapping"),
    ("spec.containers", _mappings, "a list of containers"),
    ("spec.volumes", _mappings, "a list of volumes"),
    ("spec.securityContext", _mapping, "a mapping"),
    ("spec.securityContext.runAsUser", lambda value: isinstance(value, int), "a number"),
)
_CONTAINER: tuple[_Check, ...] = (
    ("command", _words, "a list of words"),
    ("args", _words, "a list of words"),
    ("volumeMounts", _mappings, "a list of mounts"),
    ("securityContext", _mapping, "a mapping"),
    ("securityContext.runAsUser", lambda value: isinstance(value, int), "a number"),
    *((name, _mapping, "a mapping") for name in ("livenessProbe", "readinessProbe", "startupProbe")),
)


def pod_fault(pod: Mapping[str, Any]) -> str | None:
    """A clause about the first part of a pod that is of a wrong type; None where all can be read."""
    return next(_faults(pod, _POD, ""), None)


def container_fault(container: Mapping[str, Any]) -> str | None:
    """The same for the container of the API server."""
    return next(_faults(container, _CONTAINER, "the container's "), None)


def _faults(holder: Mapping[str, Any], checks: tuple[_Check, ...], prefix: str) -> Iterator[str]:
    for path, fits, wanted in checks:
        value: Any = holder
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None and not fits(value):
            yield f"{prefix}{path} is not {wanted}"
