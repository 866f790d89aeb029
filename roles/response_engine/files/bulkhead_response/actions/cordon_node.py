# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon_node: no new pods on the node where the alert comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.node_action import NODE_PARAMETERS, NodeAction, node_path
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

CORDONED_BY = "bulkhead.io/cordoned-by"
"""The annotation of a node that we have cordoned: the response rule."""


class CordonNode(NodeAction):
    """What runs there goes on; see taint_node with NoExecute for more."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        super().__init__(Parameters(params, NODE_PARAMETERS))

    def is_done(self, node: Mapping[str, Any]) -> Outcome | None:
        """See NodeAction."""
        if (node.get("spec") or {}).get("unschedulable"):
            return Outcome(ALREADY_DONE, f"node {node['metadata']['name']} takes no new pods already")
        return None

    async def act(self, node: Mapping[str, Any], kubernetes: KubernetesApi, context: Context) -> Outcome:
        """See NodeAction."""
        name = node["metadata"]["name"]
        if context.dry_run:
            return Outcome(WOULD_DO, f"node {name} would be cordoned")
        metadata = {"uid": node["metadata"]["uid"], "annotations": {CORDONED_BY: context.rule}}
        await kubernetes.patch(node_path(node), {"metadata": metadata, "spec": {"unschedulable": True}})
        return Outcome(DONE, f"node {name} is cordoned")
