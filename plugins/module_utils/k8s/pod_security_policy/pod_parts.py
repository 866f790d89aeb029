# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a pod as PodSecurityPolicy admission sees them: a container's own settings before those of its pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

POD_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
CONTAINER_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"

Object = Mapping[str, Any]


def spec_of(pod: Object) -> Object:
    """The spec, empty where there is none."""
    return pod.get("spec") or {}


def annotations_of(thing: Object) -> Object:
    """The annotations of any object."""
    return (thing.get("metadata") or {}).get("annotations") or {}


def containers(pod: Object) -> Iterator[Object]:
    """Every container: init, regular and ephemeral ones."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec_of(pod).get(key) or ()


def context(thing: Object) -> Object:
    """The security context of a container or of a pod's spec."""
    return thing.get("securityContext") or {}


def effective(pod: Object, container: Object, field: str) -> Any:
    """A field that pods and containers both have; the container's own counts first. None where neither says it."""
    own = context(container).get(field)
    return own if own is not None else context(spec_of(pod)).get(field)


def volume_type(volume: Object) -> str | None:
    """The volume's type by the name that a PodSecurityPolicy gives it; None for one that it does not know.

    A volume without a source is an emptyDir: the API server fills that in before admission.
    """
    sources = [key for key, value in volume.items() if key != "name" and value is not None]
    source = sources[0] if sources else "emptyDir"
    # The policy's names differ from the pod's in these two only.
    return {"cephfs": "cephFS", "image": None}.get(source, source)


def seccomp_profile(profile: Object | None) -> str:
    """A field seccompProfile as the annotation says it; "" where it is unset."""
    if not profile:
        return ""
    named = {"RuntimeDefault": "runtime/default", "Unconfined": "unconfined"}
    return named.get(str(profile.get("type")), f"localhost/{profile.get('localhostProfile')}")
