# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a declaration and a cluster to the objects and labels that enforce it, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import METADATA_LIST, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rules import rules_in_use
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.backend import (
    Offer,
    offer,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.declaration import (
    Declared,
    Level,
    declared,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.other_policies import (
    told,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.preflight import (
    by_policy,
    by_standard,
    refused,
    with_rules,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.rule_objects import (
    admission_policies,
    psp_additions,
    unsaid_by_psp,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    LEVELS,
    pod_security_policy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.objects import (
    Declaration,
    name,
    objects,
)

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Situation:
    """A cluster as it is, and what is wanted of it."""

    cluster: Cluster
    offer: Offer
    backend: str
    wanted: Declared
    levels: Mapping[str, Level]
    existing: Sequence[str]
    rules: Mapping[str, Any]


def plan(cluster: Cluster, params: Params) -> dict[str, Any]:
    """What the module returns. Raises K8sError."""
    wanted = declared(params)
    found = offer(cluster, Discovery(cluster))
    everything = {str(item["metadata"]["name"]): item["metadata"] for item in _namespaces(cluster)}
    leaving = _leaving(everything)
    existing = [space for space in everything if space not in leaving]
    levels = {space: level for space, level in wanted.levels(existing).items() if space not in leaving}
    asked = params.get("backend") or "auto"
    here = Situation(
        cluster,
        found,
        found.best if asked == "auto" else str(asked),
        wanted,
        levels,
        existing,
        params.get("rules") or {},
    )
    result = _nothing() if params.get("state") == "absent" else _present(here, params)
    return {
        "backend": here.backend,
        "enforced": found.enforces(here.backend),
        "psp_enforced": bool(found.psp_enforced),
        "warnings": [
            *([found.unknown] if found.unknown else []),
            *_left_out(set(wanted.levels(everything)) - set(levels)),
            *result.pop("warnings"),
        ],
        **result,
        "requests": cluster.requests,
    }


def _namespaces(cluster: Cluster) -> list[dict[str, Any]]:
    pages = cluster.pages("/api/v1/namespaces", accept=f"{METADATA_LIST},application/json")
    return [item for page in pages for item in page.get("items") or ()]


def _leaving(namespaces: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Those that are being deleted: nothing can be put into them any more, and no pod either."""
    return {space for space, metadata in namespaces.items() if metadata.get("deletionTimestamp")}


def _left_out(leaving: set[str]) -> list[str]:
    return [f"Namespaces that are being deleted are left out: {', '.join(sorted(leaving))}"] if leaving else []


def _check(here: Situation) -> None:
    if not here.backend:
        raise K8sError(
            f"{here.cluster.address} offers nothing that enforces pod security: it serves no PodSecurityPolicy, and the"
            f" labels of namespaces have no effect on Kubernetes {here.cluster.version.text} as it is configured"
        )
    if here.backend == "psp" and not here.offer.psp_served:
        raise K8sError(
            f"Kubernetes {here.cluster.version.text} serves no PodSecurityPolicy; use the backend labels, or auto"
        )


def _nothing() -> dict[str, Any]:
    return {"definitions": [], "labels": {}, "refused": [], "missing": [], "warnings": []}


def _present(here: Situation, params: Params) -> dict[str, Any]:
    _check(here)
    chosen = _with_psp(here) if here.backend == "psp" else _with_labels(here, params)
    definitions, labels, judge, warnings = chosen
    existing = {space: level for space, level in here.levels.items() if space in here.existing}
    missing = sorted(set(here.levels) - set(here.existing))
    return {
        "definitions": definitions,
        # Namespaces that are to be made need no label to be named here.
        "labels": {**{space: {} for space in missing}, **labels},
        "refused": refused(here.cluster, existing, judge),
        "missing": missing,
        "warnings": warnings,
    }


def _with_psp(here: Situation) -> tuple[list[dict[str, Any]], dict[str, Any], Any, list[str]]:
    additions = psp_additions(here.wanted.psp_additions, here.rules)
    exempt = [space for space in here.wanted.exempt_namespaces if space in here.existing]
    levels = {space: level.enforce for space, level in here.levels.items()}
    prefix = here.wanted.prefix
    made = objects(Declaration(levels, exempt, here.wanted.exempt_subjects, additions, prefix))
    policies = {level: pod_security_policy(name(prefix, level), level, additions.get(level)) for level in LEVELS}
    ours = {str(policy["metadata"]["name"]) for policy in policies.values()}
    others = told(here.cluster, levels, ours)
    # Namespaces carry no labels of ours: an API server that reads them, too, would refuse what policies put right.
    return made, {}, by_policy(policies), [*unsaid_by_psp(here.rules), *others]


def _with_labels(here: Situation, params: Params) -> tuple[list[dict[str, Any]], dict[str, Any], Any, list[str]]:
    labels = {space: level.labels for space, level in here.levels.items()}
    warnings = []
    if here.wanted.exempt_subjects:
        warnings.append(
            "exempt_subjects: labels exempt nobody; exempt them in the admission configuration of the API server"
        )
    actions = params.get("rule_actions") or ["Deny"]
    judge = with_rules(by_standard, here.rules) if "Deny" in actions else by_standard
    if here.rules and not here.offer.policy_api:
        warnings.append(
            f"rules: Kubernetes {here.cluster.version.text} has no ValidatingAdmissionPolicy, so nothing enforces them"
        )
        rules_in_use(here.rules)
        return [], labels, by_standard, warnings
    made = admission_policies(here.wanted, here.levels, here.rules, actions, here.cluster.version)
    return made, labels, judge, warnings
