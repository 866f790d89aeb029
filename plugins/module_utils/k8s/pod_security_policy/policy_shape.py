# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a PodSecurityPolicy is one that an API server would have let in. Text of it goes into CEL and into names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

# The source of a volume is a field of it, of letters; some of them are gone from newer releases.
_VOLUME = re.compile(r"[A-Za-z]+|\*")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_FIRST = ("MustRunAs", "RunAsAny")
_STRATEGIES = {
    "seLinux": _FIRST,
    "runAsUser": (*_FIRST, "MustRunAsNonRoot"),
    "runAsGroup": (*_FIRST, "MayRunAs"),
    "supplementalGroups": (*_FIRST, "MayRunAs"),
    "fsGroup": (*_FIRST, "MayRunAs"),
}
_SWITCHES = (
    "privileged",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "defaultAllowPrivilegeEscalation",
)
_TEXTS = (
    "allowedCapabilities",
    "defaultAddCapabilities",
    "requiredDropCapabilities",
    "allowedUnsafeSysctls",
    "forbiddenSysctls",
    "allowedProcMountTypes",
    "volumes",
)
_ROWS = {"allowedHostPaths": "pathPrefix", "allowedFlexVolumes": "driver", "allowedCSIDrivers": "name"}


def is_name(value: Any) -> bool:
    """Whether a value can be the name of an object."""
    return isinstance(value, str) and len(value) <= 253 and bool(_NAME.fullmatch(value))


def check_policy(policy: Mapping[str, Any]) -> None:
    """Raise K8sError for the first field that no API server would have taken."""
    metadata, spec = policy.get("metadata"), policy.get("spec")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not is_name(name):
        raise K8sError(f"A PodSecurityPolicy has no metadata.name, or one that is no name: {name!r}")
    if not isinstance(spec, Mapping):
        raise K8sError(f"PodSecurityPolicy {name}: spec is not a mapping")
    if not isinstance((metadata or {}).get("annotations") or {}, Mapping):
        raise K8sError(f"PodSecurityPolicy {name}: metadata.annotations is not a mapping")
    fault = next(_faults(spec), None)
    if fault:
        raise K8sError(f"PodSecurityPolicy {name}: spec.{fault}")


def _faults(spec: Mapping[str, Any]) -> Iterator[str]:
    yield from _unfit(spec, _SWITCHES, lambda value: isinstance(value, bool), "is neither true nor false")
    yield from _unfit(spec, _TEXTS, _is_texts, "is not a list of strings")
    yield from _unfit(spec, ("volumes",), lambda value: all(map(_VOLUME.fullmatch, value)), "names no types of volumes")
    for field, key in _ROWS.items():
        yield from _unfit(spec, (field,), lambda value, key=key: _is_rows(value, key), f"is not a list of {key}")
    yield from _unfit(spec, ("hostPorts",), _is_ranges, "is not a list of min and max")
    for field, names in _STRATEGIES.items():
        yield from _unfit(
            spec,
            (field,),
            lambda value, names=names: isinstance(value, Mapping) and value.get("rule", "RunAsAny") in names,
            f"has no rule of {', '.join(names)}",
        )
        yield from _unfit(spec, (field,), _has_ranges, "has ranges that are not a list of min and max")
    yield from _unfit(spec, ("runtimeClass",), _is_runtime_class, "is not a mapping of names of RuntimeClasses")


def _unfit(spec: Mapping[str, Any], fields: tuple[str, ...], fits: Callable[..., bool], fault: str) -> Iterator[str]:
    return (f"{field} {fault}" for field in fields if spec.get(field) is not None and not fits(spec[field]))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_rows(value: Any, key: str) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, Mapping) and isinstance(each.get(key), str) for each in value
    )


def _is_ranges(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) and _is_range(each) for each in value)


def _is_range(row: Mapping[str, Any]) -> bool:
    return all(isinstance(row.get(end), int) and not isinstance(row[end], bool) for end in ("min", "max"))


def _has_ranges(strategy: Mapping[str, Any]) -> bool:
    return strategy.get("ranges") is None or _is_ranges(strategy["ranges"])


def _is_runtime_class(value: Any) -> bool:
    return isinstance(value, Mapping) and _is_texts(value.get("allowedRuntimeClassNames") or [])
