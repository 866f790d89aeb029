# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every action on a pod runs: make sure of the pod, act, and look again where something else was quicker."""

from __future__ import annotations

from typing import ClassVar

from bulkhead_response.actions.pod_target import Pod, PodGone, Refused, find_pod
from bulkhead_response.alert import Alert
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.outcome import ALREADY_DONE, FAILED, REFUSED, Outcome
from bulkhead_response.step import Context

_ATTEMPTS = 5
_CONFLICT = 409
# The pod was deleted, changed, or replaced by another of its name between our look and our act.
OVERTAKEN = (404, _CONFLICT, 422)


class PodAction:
    """What actions on a pod share. A subclass says in `act` what is done to a pod that is the right one.

    `when_gone`: the status where the pod is no more. A pod that should go, has gone; a pod that should be read is lost.
    """

    when_gone: ClassVar[str] = ALREADY_DONE

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """Do it, or in a dry run say what would be done. PodGone, Refused, ApiError and Unreachable may be raised."""
        raise NotImplementedError

    async def act_unseen(self, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome | None:
        """Do it without a look at the pod, where the API server makes sure of it; None where a look is needed."""
        return None

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Unreachable is left to the caller, who tries again."""
        if context.kubernetes is None:
            return Outcome(REFUSED, "no API server is configured (kubernetes)")
        try:
            done = await self.act_unseen(context.kubernetes, alert, context)
            return done or await self._attempt(context.kubernetes, alert, context)
        except PodGone as gone:
            return Outcome(self.when_gone, str(gone))
        except Refused as refused:
            return Outcome(REFUSED, str(refused))
        except ApiError as error:
            return Outcome(FAILED, str(error), retry=error.is_passing)

    async def _attempt(self, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """Each attempt makes sure of the pod anew, so that what has taken its name is never touched."""
        for attempt in range(_ATTEMPTS):
            pod = await find_pod(kubernetes, alert.target)
            try:
                return await self.act(pod, kubernetes, alert, context)
            except ApiError as error:
                again = error.status == _CONFLICT or (error.status in OVERTAKEN and attempt == 0)
                if not again or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")
