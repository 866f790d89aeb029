# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""taint_node: one taint on the node where the alert comes from; all others stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.label_names import is_key, is_value
from bulkhead_response.actions.node_action import NODE_PARAMETERS, NodeAction, node_path
from bulkhead_response.errors import ConfigError
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context


class TaintNode(NodeAction):
    """key, value, effect of the taint. NoExecute also drives out the pods that do not tolerate it."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, (*NODE_PARAMETERS, "key", "value", "effect"))
        super().__init__(given)
        self._key = given.text("key", "bulkhead.io/suspect")
        value = given.text("value", "")
        self._effect = given.choice("effect", "NoSchedule", ("NoSchedule", "PreferNoSchedule", "NoExecute"))
        if not is_key(self._key):
            raise ConfigError(f"key: {self._key!r} is no name of a taint")
        if not is_value(value):
            raise ConfigError(f"value: {value!r} is no value of a taint")
        self._taint = {"key": self._key, **({"value": value} if value else {}), "effect": self._effect}

    def is_done(self, node: Mapping[str, Any]) -> Outcome | None:
        """See NodeAction."""
        if any(self._is_it(taint) and taint.get("value") == self._taint.get("value") for taint in _taints(node)):
            return Outcome(ALREADY_DONE, f"node {node['metadata']['name']} has the taint {self} already")
        return None

    async def act(self, node: Mapping[str, Any], kubernetes: KubernetesApi, context: Context) -> Outcome:
        """See NodeAction. A list can only be sent as a whole, so the node must still be the one that was read."""
        name = node["metadata"]["name"]
        if context.dry_run:
            return Outcome(WOULD_DO, f"node {name} would get the taint {self}")
        taints = [*(taint for taint in _taints(node) if not self._is_it(taint)), self._taint]
        metadata = {key: node["metadata"][key] for key in ("uid", "resourceVersion")}
        await kubernetes.patch(node_path(node), {"metadata": metadata, "spec": {"taints": taints}})
        return Outcome(DONE, f"node {name} has got the taint {self}")

    def _is_it(self, taint: Mapping[str, Any]) -> bool:
        """A node has one taint of a key and effect."""
        return (taint["key"], taint["effect"]) == (self._key, self._effect)

    def __str__(self) -> str:
        value = self._taint.get("value", "")
        return f"{self._key}{'=' if value else ''}{value}:{self._effect}"


def _taints(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (node.get("spec") or {}).get("taints") or []
