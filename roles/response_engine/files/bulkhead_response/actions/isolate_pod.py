# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""isolate_pod: no traffic to or from the pod, by a label and a NetworkPolicy that selects it."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bulkhead_response.actions.isolation_policy import LABEL, gaps, policy_spec, put_policy
from bulkhead_response.actions.label_selector import keys
from bulkhead_response.actions.pod_action import PodAction
from bulkhead_response.actions.pod_owner import owner_chain
from bulkhead_response.actions.pod_target import Pod, Refused
from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.names import is_namespace
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

DETACHED = "bulkhead.io/detached-labels"
"""The annotation of a detached pod: the labels that were taken off, as JSON."""


@dataclass(frozen=True)
class _Detachment:
    """Which labels go, or why none do."""

    labels: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""


class IsolatePod(PodAction):
    """allow_cidrs, allow_dns: what is let through. policy_name: one policy a namespace and set of these parameters.

    detach: take off the labels by which the pod's controller and Services select it, so that a new one starts.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("allow_cidrs", "allow_dns", "policy_name", "detach"))
        self._name = given.text("policy_name", "bulkhead-isolated")
        if not is_namespace(self._name):
            raise ConfigError("policy_name: must be a DNS label, for it is the value of a label as well")
        self._spec = policy_spec(self._name, _cidrs(given.texts("allow_cidrs")), given.flag("allow_dns", False))
        self._detach = given.flag("detach", False)

    async def act(self, pod: Pod, kubernetes: KubernetesApi, alert: Alert, context: Context) -> Outcome:
        """See PodAction. The policy comes first: from the moment that the pod has the label it is shut off."""
        if pod.spec.get("hostNetwork"):
            raise Refused(f"{pod} uses the network of its node, which no NetworkPolicy governs")
        detachment = await self._detachment(kubernetes, pod)
        changed = await put_policy(kubernetes, pod.namespace, self._name, self._spec, dry_run=context.dry_run)
        labelled = pod.labels.get(LABEL) == self._name
        if not context.dry_run and (not labelled or detachment.labels):
            await kubernetes.patch(pod.path, {"metadata": self._changes(pod, detachment.labels)})
        labels = {key: value for key, value in pod.labels.items() if key not in detachment.labels}
        open_by = await gaps(kubernetes, pod.namespace, self._name, {**labels, LABEL: self._name})
        done = not changed and labelled and not detachment.labels
        status = ALREADY_DONE if done else WOULD_DO if context.dry_run else DONE
        details = {"policy": self._name, "detached": sorted(detachment.labels), "still_allowed_by": open_by}
        return Outcome(status, self._sentence(pod, status, detachment.remark, open_by), details=details)

    async def _detachment(self, kubernetes: KubernetesApi, pod: Pod) -> _Detachment:
        if not self._detach:
            return _Detachment()
        chain = await owner_chain(kubernetes, pod, depth=1)
        if not chain:
            return _Detachment()
        owner = chain[0]
        if owner.kind == "StatefulSet":
            return _Detachment(remark=f"not detached: {owner} can replace it only under the same name")
        if owner.manifest is None:
            return _Detachment(remark=f"not detached: by which labels {owner} selects is not known")
        return _Detachment({key: pod.labels[key] for key in keys(owner.selector) if key in pod.labels})

    def _changes(self, pod: Pod, detached: Mapping[str, str]) -> dict[str, Any]:
        labels: dict[str, str | None] = {**dict.fromkeys(detached), LABEL: self._name}
        annotations = {DETACHED: json.dumps(dict(detached), sort_keys=True)} if detached else {}
        return {"uid": pod.uid, "labels": labels, "annotations": annotations}

    def _sentence(self, pod: Pod, status: str, remark: str, open_by: Sequence[str]) -> str:
        verb = {DONE: "is", WOULD_DO: "would be", ALREADY_DONE: "is already"}[status]
        parts = [f"{pod} {verb} isolated by NetworkPolicy {self._name}", remark]
        if open_by:
            parts.append(f"but {', '.join(open_by)} still allow some of its traffic")
        return "; ".join(part for part in parts if part)


def _cidrs(texts: Sequence[str]) -> list[str]:
    try:
        return [str(ipaddress.ip_network(text)) for text in texts]
    except ValueError as error:
        raise ConfigError(f"allow_cidrs: {error}") from error
