# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""scale_to_zero: no pods any more of the workload that the pod belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bulkhead_response.actions.pod_action import PodAction
from bulkhead_response.actions.pod_owner import Owner, owner_chain, workload
from bulkhead_response.actions.pod_target import Pod, Refused
from bulkhead_response.alert import Alert
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.kubernetes_path import object_path
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

REPLICAS_BEFORE = "bulkhead.io/replicas-before"
"""The annotation of a workload that was scaled to zero: how many replicas it had."""

_SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


class ScaleToZero(PodAction):
    """annotate: note the former number at the workload too. It takes the right to change the whole workload."""

    when_gone: ClassVar[str] = FAILED

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        self._annotate = Parameters(params, ("annotate",)).flag("annotate", False)

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """See PodAction."""
        chain = await owner_chain(kubernetes, pod)
        owner = workload(chain)
        if owner is None or owner.kind not in _SCALABLE:
            raise Refused(f"{pod} belongs to {owner or 'nothing that is known'}, which cannot be scaled to zero")
        before = owner.desired
        details = {"owner": str(owner), "replicas_before": before}
        if before == 0:
            return Outcome(ALREADY_DONE, f"{owner} is scaled to zero already", details=details)
        remark = "" if chain[-1] is owner else f"; its controller {chain[-1]} may scale it up again"
        if context.dry_run:
            return Outcome(WOULD_DO, f"{owner} would be scaled from {before} to zero{remark}", details=details)
        await self._scale(kubernetes, pod.namespace, owner, before)
        return Outcome(DONE, f"{owner} is scaled from {before} to zero{remark}", details=details)

    async def _scale(self, kubernetes: KubernetesApi, namespace: str, owner: Owner, before: int) -> None:
        """The note comes first: without the number nobody could scale it up again."""
        api, resource = owner.resource
        path = object_path(resource, api=api, namespace=namespace, name=owner.name)
        if self._annotate:
            annotations = {REPLICAS_BEFORE: str(before)}
            await kubernetes.patch(path, {"metadata": {"uid": owner.uid, "annotations": annotations}})
        await kubernetes.patch(f"{path}/scale", {"metadata": {"uid": owner.uid}, "spec": {"replicas": 0}})
