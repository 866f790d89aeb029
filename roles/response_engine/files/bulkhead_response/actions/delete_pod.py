# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""delete_pod: the pod of the alert, and never another that has taken its name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.pod_action import OVERTAKEN, PodAction
from bulkhead_response.actions.pod_owner import Owner, owner_chain, ready_siblings, workload
from bulkhead_response.actions.pod_target import MIRROR, Pod, Refused
from bulkhead_response.actions.turns import turn
from bulkhead_response.alert import Alert, Target
from bulkhead_response.errors import ConfigError
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import BadName, object_path
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

STANDALONE = "standalone"
_LONGEST_GRACE = 86400
_MOST_REPLICAS = 10000
_PERCENT = 100


class DeletePod(PodAction):
    """Deletes with the uid as a precondition.

    grace_period_seconds: instead of the pod's own. min_healthy_replicas: refuse unless so many other pods of its owner
    are ready, as a number or a share of the wanted ("33%"). spare_owner_kinds: refuse for pods of these kinds of owner
    ("standalone": of none).
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("grace_period_seconds", "min_healthy_replicas", "spare_owner_kinds"))
        self._grace = given.integer("grace_period_seconds", -1, 0, _LONGEST_GRACE)
        self._minimum = _minimum(params.get("min_healthy_replicas"))
        self._spared = given.texts("spare_owner_kinds")

    async def act_unseen(self, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome | None:
        """See PodAction. The uid of the alert as a precondition proves as much as a look before, in half the time."""
        target = alert.target
        # Without a name the path would be that of all pods.
        named = target.namespace and target.pod and target.pod_uid
        if not named or self._minimum or self._spared or context.dry_run:
            return None
        try:
            path = object_path("pods", namespace=target.namespace, name=target.pod)
            answer = await kubernetes.delete(path, self._options(target.pod_uid))
        except BadName:
            return None
        except ApiError as error:
            if error.status in OVERTAKEN:
                return None
            raise
        return _deleted(target, answer)

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """See PodAction."""
        if pod.is_static:
            raise Refused(f"{pod} is a static pod: its kubelet would make it again; remove its file on the node")
        if self._is_on_its_way(pod):
            return Outcome(ALREADY_DONE, f"{pod} is being deleted already")
        chain = await self._owners(kubernetes, pod)
        owner = workload(chain)
        # Of two alerts about two pods of one Deployment, the second must count after the first has deleted.
        async with turn(owner.uid if owner and self._minimum else ""):
            await self._refuse_too_few(kubernetes, pod, owner)
            return await self._delete(kubernetes, pod, chain, context.dry_run)

    def _is_on_its_way(self, pod: Pod) -> bool:
        """A pod that ends slower than is wanted is deleted once more, which makes its grace shorter."""
        if "deletionTimestamp" not in pod.metadata:
            return False
        return self._grace < 0 or int(pod.metadata.get("deletionGracePeriodSeconds") or 0) <= self._grace

    async def _owners(self, kubernetes: KubernetesApi, pod: Pod) -> list[Owner]:
        if not self._spared and not self._minimum:
            return []
        chain = await owner_chain(kubernetes, pod)
        kinds = [owner.kind for owner in chain] or [STANDALONE]
        spared = next((kind for kind in kinds if kind in self._spared), None)
        if spared is not None:
            whose = "stands alone" if spared == STANDALONE else f"belongs to a {spared}"
            raise Refused(f"{pod} {whose}, which spare_owner_kinds names")
        return chain

    async def _refuse_too_few(self, kubernetes: KubernetesApi, pod: Pod, owner: Owner | None) -> None:
        if not self._minimum:
            return
        if owner is None:
            raise Refused(f"{pod} has no owner whose replicas could be counted for min_healthy_replicas")
        wanted = self._minimum
        if isinstance(wanted, str):
            wanted = math.ceil(owner.desired * int(wanted[:-1]) / _PERCENT)
        healthy = await ready_siblings(kubernetes, pod, owner)
        if healthy < wanted:
            raise Refused(f"{pod} is spared: {owner} has {healthy} other ready pods, and must keep {wanted}")

    async def _delete(self, kubernetes: KubernetesApi, pod: Pod, chain: list[Owner], dry_run: bool) -> Outcome:
        details = {"pod_uid": pod.uid, "node": pod.spec.get("nodeName", ""), "owners": [str(each) for each in chain]}
        if dry_run:
            return Outcome(WOULD_DO, f"{pod} would be deleted", details=details)
        await kubernetes.delete(pod.path, self._options(pod.uid))
        return Outcome(DONE, f"{pod} is deleted", details=details)

    def _options(self, uid: str) -> dict[str, Any]:
        grace = {"gracePeriodSeconds": self._grace} if self._grace >= 0 else {}
        return {"preconditions": {"uid": uid}, **grace}


def _deleted(target: Target, answer: Mapping[str, Any]) -> Outcome:
    """answer: the pod as it was, or a Status where it is gone at once."""
    pod = f"pod {target.namespace}/{target.pod}"
    if MIRROR in ((answer.get("metadata") or {}).get("annotations") or {}):
        return Outcome(FAILED, f"{pod} is a static pod: its kubelet makes it again; remove its file on the node")
    node = (answer.get("spec") or {}).get("nodeName", "")
    return Outcome(DONE, f"{pod} is deleted", details={"pod_uid": target.pod_uid, "node": node, "owners": []})


def _minimum(value: Any) -> int | str:
    """A count, or a share such as "33%"; 0 where it is not given."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isascii() and value[:-1].isdigit():
        if 0 < int(value[:-1]) <= _PERCENT:
            return value
    elif value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_REPLICAS):
        return value or 0
    raise ConfigError('min_healthy_replicas: must be a number of pods, or a share of them from "1%" to "100%"')
