# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the file system and the resources of containers, each in Python and in CEL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

IS_WINDOWS = "has(variables.spec.os) && has(variables.spec.os.name) && variables.spec.os.name == 'windows'"

# A limit of zero is none to the kubelet. It is a number in a manifest that no API server has read yet.
_ZERO = "^[0.]+[A-Za-z]*$"


def writable_root(pod: Pod, _wanted: Any) -> Iterator[Fault]:
    """Containers whose root file system can be written. That of Windows always can."""
    if pod.is_windows:
        return
    for container in pod.containers:
        if not container.context.get("readOnlyRootFilesystem"):
            yield container.context_fault("readOnlyRootFilesystem")


def read_only_root(_wanted: Any) -> str:
    """CEL: the root file system of a container c is read-only."""
    return (
        f"({IS_WINDOWS}) || (has(c.securityContext) && has(c.securityContext.readOnlyRootFilesystem)"
        " && c.securityContext.readOnlyRootFilesystem)"
    )


def unlimited(pod: Pod, resources: Sequence[str]) -> Iterator[Fault]:
    """Containers without one of these limits, unless the whole pod has it. Ephemeral ones cannot have any."""
    shared = _limits(pod.spec)
    for container in pod.containers:
        if container.kind != "ephemeralContainers":
            own = _limits(container.body)
            for name in resources:
                if not (_is_limited(own, name) or _is_limited(shared, name)):
                    yield container.fault(f"resources.limits.{name}")


def _limits(body: Any) -> Any:
    return (body.get("resources") or {}).get("limits") or {}


def _is_limited(limits: Mapping[str, Any], name: str) -> bool:
    return limits.get(name) is not None and not re.match(_ZERO, str(limits[name]))


def limited(resources: Sequence[str]) -> str:
    """CEL: a lasting container c has these limits."""
    return " && ".join(f"({_has_limit('c', name)} || {_has_limit('variables.spec', name)})" for name in resources)


def _has_limit(thing: str, name: str) -> str:
    limits = f"{thing}.resources.limits"
    set_to = f"!string({limits}['{name}']).matches('{_ZERO}')"
    return f"(has({thing}.resources) && has({limits}) && '{name}' in {limits} && {set_to})"
