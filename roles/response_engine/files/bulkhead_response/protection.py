# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nothing may be done: outside of the allowed namespaces, in the protected ones, to protected images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bulkhead_response.alert import Target
from bulkhead_response.config import Config
from bulkhead_response.matching import any_of, images_like

HOST_ACTIONS = frozenset({"stop_container", "pause_container", "kill_container", "disconnect_container", "run_command"})
"""Actions that need no namespace: they are for containers of a Docker host."""

EVENTS = frozenset({"k8s_event"})
"""Notifications that write into the namespace of the target, where actions may be taken and nowhere else."""


class Protection:
    """Says why an action may not touch a target. What may not be known counts as protected."""

    def __init__(self, config: Config) -> None:
        self._allowed = any_of(config.allowed_namespaces)
        self._protected = any_of(config.protected_namespaces)
        self._images = images_like(config.protected_images) if config.protected_images else None
        self._docker = config.docker is not None

    @property
    def asks_for_images(self) -> bool:
        """Whether the images of a pod must be known before anything is done to it."""
        return self._images is not None

    def against(self, target: Target, actions: Iterable[str]) -> str | None:
        """Why these actions may not be taken, judged by what the alert says; None where they may."""
        if target.namespace:
            return self._against_namespace(target.namespace)
        if self._docker and target.container_id and HOST_ACTIONS.issuperset(actions):
            return None
        return "the alert names no namespace, and actions are taken in allowed namespaces only"

    def against_images(self, images: Sequence[str]) -> str | None:
        """Why nothing may be done to a pod or container of these images; None where it may."""
        if self._images is None:
            return None
        if not images:
            return "the image is not known, and there are protected images"
        found = next((image for image in images if self._images(image)), None)
        return f"the image {found} is protected" if found else None

    def _against_namespace(self, namespace: str) -> str | None:
        if self._protected(namespace):
            return f"the namespace {namespace} is protected"
        if not self._allowed(namespace):
            return f"the namespace {namespace} is not among the allowed ones"
        return None
