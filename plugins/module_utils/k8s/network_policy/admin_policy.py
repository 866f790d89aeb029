# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that are no NetworkPolicy. Their verdict comes before or after it, and is not worked out here.

A pod that no NetworkPolicy isolates may still be isolated by an AdminNetworkPolicy, a BaselineAdminNetworkPolicy or a
plugin's own policy. Where one might apply, the facts that would blame the namespace are unknown, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.label_selector import selector_from

Object = Mapping[str, Any]
# Where policies of other kinds are listed; a cluster serves none of these, or those of the plugin that it has.
OTHER_POLICIES = (
    "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies",
    "/apis/policy.networking.k8s.io/v1alpha1/baselineadminnetworkpolicies",
    "/apis/crd.projectcalico.org/v1/networkpolicies",
    "/apis/crd.projectcalico.org/v1/globalnetworkpolicies",
    "/apis/cilium.io/v2/ciliumnetworkpolicies",
    "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies",
)
# The facts that a policy of another kind may make untrue, and the value by which they would blame; None: any but empty.
_BLAMES: dict[str, bool | None] = {
    "_default_deny_": False,
    "_isolated": False,
    "_metadata_reachable": True,
    "_open_": None,
    "_everywhere": None,
    "_without_dns": None,
}


class AdminPolicies:
    """Policies of other kinds, as objects."""

    def __init__(self, policies: Iterable[Object]) -> None:
        self._policies = list(policies)

    def doubt(self, facts: dict[str, Any], namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """The facts of a namespace or of a workload in it, with `unknown` for those that other policies may change."""
        names = [_name(policy) for policy in self._policies if _may_apply(policy, namespace, labels)]
        doubtful = [fact for fact, value in facts.items() if _blames(fact, value)]
        if not names or not doubtful:
            return facts
        reason = f"{', '.join(sorted(names)[:5])} may decide otherwise, and only NetworkPolicy is judged here"
        return {**facts, "unknown": dict.fromkeys(doubtful, reason)}


def _blames(fact: str, value: Any) -> bool:
    part = next((part for part in _BLAMES if part in fact), None)
    if part is None:
        return False
    blame = _BLAMES[part]
    return bool(value) if blame is None else value is blame


def _name(policy: Object) -> str:
    return f"{policy.get('kind') or 'policy'} {(policy.get('metadata') or {}).get('name') or ''}".strip()


def _may_apply(policy: Object, namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether a policy can concern pods of a namespace; yes where its kind is not known well enough to say no."""
    if str(policy.get("apiVersion") or "").startswith("policy.networking.k8s.io/"):
        subject = (policy.get("spec") or {}).get("subject") or {}
        chosen = subject.get("namespaces")
        if chosen is None:
            chosen = (subject.get("pods") or {}).get("namespaceSelector")
        return selector_from(chosen).matches(labels)
    own = (policy.get("metadata") or {}).get("namespace")
    return own is None or own == namespace
