# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the live pod can tell: its labels, and the images of all its containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bulkhead_response.alert import Target
from bulkhead_response.errors import Unreachable
from bulkhead_response.kubernetes_api import KubernetesApi


@dataclass(frozen=True)
class PodFacts:
    """Nothing, where the pod is gone or cannot be told to be the one of the alert."""

    labels: Mapping[str, str]
    images: tuple[str, ...]


NOTHING = PodFacts({}, ())


class PodSight:
    """Looks at the pod of one alert, once, when somebody asks."""

    def __init__(self, kubernetes: KubernetesApi | None, target: Target) -> None:
        self._kubernetes = kubernetes
        self._target = target
        self._facts: PodFacts | None = None

    async def facts(self) -> PodFacts:
        """Unreachable where the API server does not answer, or does not let us look."""
        if self._facts is None:
            self._facts = await self._look()
        return self._facts

    async def images(self) -> tuple[str, ...]:
        """The image of the alert, and those of all containers of its pod: whatever is done is done to all of them."""
        named = (self._target.image,) if self._target.image else ()
        return (*named, *(await self.facts()).images)

    async def _look(self) -> PodFacts:
        if self._kubernetes is None or not self._target.pod:
            return NOTHING
        from bulkhead_response.actions.pod_target import PodGone, Refused, find_pod
        from bulkhead_response.kubernetes_api import ApiError

        try:
            pod = await find_pod(self._kubernetes, self._target)
        except (PodGone, Refused):
            return NOTHING
        except ApiError as error:
            # Not to be allowed to look is not the same as to see another label.
            raise Unreachable(f"the pod of the alert cannot be looked up: {error}") from error
        containers = [*(pod.spec.get("initContainers") or []), *(pod.spec.get("containers") or [])]
        return PodFacts(pod.labels, tuple(str(container.get("image", "")) for container in containers))
