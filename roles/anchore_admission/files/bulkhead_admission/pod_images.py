# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the images, and the annotations that a pod will have, are in the objects that make pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_admission.errors import BadReview

_TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController")
_LISTS = ("initContainers", "containers", "ephemeralContainers")
_MOST = 500
"""Images of one object. Nobody has so many; whoever sends more wants to keep us busy."""


def images_of(kind: str, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The images of an object, each once, in their order. BadReview where it is not like its kind."""
    spec = manifest if kind == "EphemeralContainers" else _object(pod_of(kind, manifest).get("spec"), "spec")
    found: dict[str, None] = {}
    for name in _LISTS:
        containers = spec.get(name)
        if containers is not None and not isinstance(containers, list):
            raise BadReview(f"{name} is no list")
        for container in containers or ():
            image = _object(container, name).get("image")
            # A template may leave it out until somebody sets it; no pod is made of it before.
            if image is not None and not isinstance(image, str):
                raise BadReview(f"an image of {name} is no text")
            if image:
                found[image] = None
    if len(found) > _MOST:
        raise BadReview(f"there are more than {_MOST} images")
    return tuple(found)


def annotation_of(kind: str, manifest: Mapping[str, Any], name: str) -> str | None:
    """An annotation that the pod will have, None where there is none."""
    if kind == "EphemeralContainers":
        return None
    metadata = _object(pod_of(kind, manifest).get("metadata") or {}, "metadata")
    annotations = metadata.get("annotations")
    value = annotations.get(name) if isinstance(annotations, Mapping) else None
    return value if isinstance(value, str) else None


def makes_pods(kind: str) -> bool:
    """Whether objects of this kind are pods, or make them."""
    return kind in (*_TEMPLATES, "Pod", "CronJob", "EphemeralContainers")


def pod_of(kind: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod, or the template of one, as an object with metadata and spec. BadReview where there is none."""
    if kind == "Pod":
        return manifest
    spec = _object(manifest.get("spec"), "spec")
    if kind == "CronJob":
        spec = _object(_object(spec.get("jobTemplate"), "jobTemplate").get("spec"), "spec of jobTemplate")
    # A ReplicationController may have no template, and then makes nothing.
    return _object(spec.get("template") or {"spec": {}}, "template")


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadReview(f"{name} is no object")
    return value
