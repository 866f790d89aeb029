# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every action on a node runs: find the node of the alert, see that enough others are left, act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.pod_target import PodGone, Refused, find_pod
from bulkhead_response.actions.turns import turn
from bulkhead_response.alert import Alert, Target
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import BadName, object_path
from bulkhead_response.outcome import FAILED, REFUSED, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

NODE_PARAMETERS = ("min_schedulable_nodes",)
_ATTEMPTS = 5
_NOT_FOUND = 404
_CONFLICT = 409
_MOST_NODES = 10000
_REPELLING = ("NoSchedule", "NoExecute")


class NodeAction:
    """What actions on a node share. min_schedulable_nodes: refuse unless so many others take new pods."""

    def __init__(self, given: Parameters) -> None:
        """ConfigError for parameters that cannot be used."""
        self._minimum = given.integer("min_schedulable_nodes", 1, 0, _MOST_NODES)

    def is_done(self, node: Mapping[str, Any]) -> Outcome | None:
        """What to say where nothing is left to do."""
        raise NotImplementedError

    async def act(self, node: Mapping[str, Any], kubernetes: KubernetesApi, context: Context) -> Outcome:
        """Do it, or in a dry run say what would be done."""
        raise NotImplementedError

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Unreachable is left to the caller, who tries again."""
        if context.kubernetes is None:
            return Outcome(REFUSED, "no API server is configured (kubernetes)")
        try:
            name = await _node_name(context.kubernetes, alert.target)
            # Whoever opens a shell on every node must not get every node shut.
            async with turn("nodes" if self._minimum else ""):
                return await self._attempt(context.kubernetes, name, context)
        except Refused as refused:
            return Outcome(REFUSED, str(refused))
        except ApiError as error:
            return Outcome(FAILED, str(error), retry=error.is_passing)

    async def _attempt(self, kubernetes: KubernetesApi, name: str, context: Context) -> Outcome:
        """A node changes every few seconds, when its kubelet reports."""
        for attempt in range(_ATTEMPTS):
            node = await _read(kubernetes, name)
            done = self.is_done(node)
            if done is not None:
                return done
            await self._refuse_too_few(kubernetes, name)
            try:
                return await self.act(node, kubernetes, context)
            except ApiError as error:
                if error.status != _CONFLICT or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _refuse_too_few(self, kubernetes: KubernetesApi, name: str) -> None:
        if not self._minimum:
            return
        others = [node async for node in kubernetes.items(object_path("nodes")) if node["metadata"]["name"] != name]
        left = sum(takes_pods(node) for node in others)
        if left < self._minimum:
            raise Refused(f"node {name} is spared: {left} other nodes take new pods, and {self._minimum} must")


def node_path(node: Mapping[str, Any]) -> str:
    """Where it is on the API server."""
    return object_path("nodes", name=node["metadata"]["name"])


def takes_pods(node: Mapping[str, Any]) -> bool:
    """Whether a new pod without tolerations may be put there."""
    spec, conditions = node.get("spec") or {}, (node.get("status") or {}).get("conditions") or []
    repelled = any(taint["effect"] in _REPELLING for taint in spec.get("taints") or [])
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and not repelled and not spec.get("unschedulable")


async def _node_name(kubernetes: KubernetesApi, target: Target) -> str:
    """Where the pod of the alert runs; where it is gone, or the alert is about no pod, what the alert says."""
    name = target.node
    if target.namespace and target.pod:
        try:
            placed = str((await find_pod(kubernetes, target)).spec.get("nodeName") or "")
        except PodGone:
            placed = ""
        if placed and name and placed != name:
            raise Refused(f"pod {target.namespace}/{target.pod} runs on node {placed}, and the alert says {name}")
        name = placed or name
    if not name:
        raise Refused("the alert names no node")
    return name


async def _read(kubernetes: KubernetesApi, name: str) -> Mapping[str, Any]:
    try:
        node: Mapping[str, Any] = await kubernetes.get(object_path("nodes", name=name))
    except BadName as error:
        raise Refused(str(error)) from error
    except ApiError as error:
        if error.status == _NOT_FOUND:
            raise Refused(f"there is no node {name}") from error
        raise
    return node
