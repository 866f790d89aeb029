# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the images of containers, each in Python and in CEL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.image_reference import (
    DEFAULT_REGISTRY,
    ImageReference,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

_OFFICIAL = f"{DEFAULT_REGISTRY}/library"
_DIGEST = "@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$"
# An image as Docker completes it, up to `library/`: its first part is a registry if it cannot be a folder.
_FULL_NAME = f"(c.image.matches('^([^/]*[A-Z.:][^/]*|localhost)/') ? c.image : '{DEFAULT_REGISTRY}/' + c.image)"


def outside_registries(pod: Pod, allowed: Sequence[str]) -> Iterator[Fault]:
    """Images that come from none of these registries or repositories."""
    prefixes = tuple(f"{_completed(name.rstrip('/'))}/" for name in allowed)
    prefixes += tuple(f"{name.rstrip('/')}/" for name in allowed)
    for container in pod.containers:
        image = container.body.get("image") or ""
        if not image or not f"{_parsed(image).name}/".startswith(prefixes):
            yield container.fault("image", image)


def in_registries(allowed: Sequence[str]) -> str:
    """CEL: the image of a container c comes from one of these registries or repositories."""
    patterns = "|".join(_pattern(name.rstrip("/")) for name in allowed)
    return f"has(c.image) && c.image != '' && {_FULL_NAME}.matches('^({patterns})')"


def _pattern(name: str) -> str:
    _registry, slash, _repository = name.partition("/")
    escaped = "".join(char if char.isalnum() or char in "-_/" else f"[{char}]" for char in name)
    if not slash:
        return f"{escaped}/"
    if name == _OFFICIAL:
        return "docker[.]io/(library/|[^/]+$)"
    if _completed(name) != name:
        escaped = escaped.replace("/", "/(library/)?", 1)
    if name.startswith(f"{_OFFICIAL}/"):
        escaped = escaped.replace("/library/", "/(library/)?", 1)
    return f"{escaped}([/:@]|$)"


def _completed(name: str) -> str:
    """docker.io/nginx is an official image, docker.io/library/nginx, as much as somebody's folder of images."""
    registry, _slash, repository = name.partition("/")
    alone = registry == DEFAULT_REGISTRY and repository not in ("", "library") and "/" not in repository
    return f"{_OFFICIAL}/{repository}" if alone else name


def without_digest(pod: Pod, _wanted: Any) -> Iterator[Fault]:
    """Images that a tag names, which can be moved to other content."""
    for container in pod.containers:
        image = container.body.get("image") or ""
        if not re.search(_DIGEST, image):
            yield container.fault("image", image)


def with_digest(_wanted: Any) -> str:
    """CEL: the image of a container c has a digest."""
    return f"has(c.image) && c.image.matches('{_DIGEST}')"


def floating(pod: Pod, _wanted: Any) -> Iterator[Fault]:
    """Images without a tag or with the tag latest, and without a digest."""
    for container in pod.containers:
        image = container.body.get("image") or ""
        if not image or _parsed(image).floating:
            yield container.fault("image", image)


def not_floating(_wanted: Any) -> str:
    """CEL: the image of a container c has a digest, or a tag other than latest."""
    return (
        "has(c.image) && (c.image.matches('@.') || (c.image.matches(':[^/:@]+@?$') && !c.image.matches(':latest@?$')))"
    )


def _parsed(image: str) -> ImageReference:
    """A name of Kubernetes is never the id of an image, though it may look like one."""
    return image_reference.parse(image if "/" in image else f"{_OFFICIAL}/{image}")
