# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of k8s_audit: choose the controls, get a snapshot, evaluate, and put the answer together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control, ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    Params,
    answer,
    at_most,
    choose,
    stored_snapshot,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import BENCHMARK
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s import (
    K8S_CONTROLS,
    K8S_SCOPES,
    as_configured,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Namespaces
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.snapshot import (
    SCHEMA_VERSION,
    Wanted,
    collect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import (
    LATEST,
    minor_of,
)

_K8S = Audited("k8s", "k8s_audit", SCHEMA_VERSION, K8S_SCOPES, BENCHMARK)


def audit(params: Params) -> dict[str, Any]:
    """What the module returns. Raises ControlError for unusable options, K8sError for an unreachable cluster."""
    controls = chosen_controls(params)
    snapshot, requests = _snapshot(params, controls)
    target = params.get("target") or str(snapshot.get("cluster") or "cluster")
    return answer(params, snapshot, controls, target, requests)


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    ours = as_configured(
        K8S_CONTROLS,
        allowed_registries=params.get("allowed_registries") or (),
        control_plane=bool(params.get("control_plane")),
        audit_log=bool(params.get("audit_log")),
    )
    return choose(params, _K8S, ours, _thresholds(params))


def _thresholds(params: Params) -> dict[str, dict[str, Any]]:
    """Options that are an expectation by a name that is easier to remember."""
    changes = at_most({"k8s.secret.token_age": params.get("token_secret_max_age_days")})
    days = params.get("certificate_days")
    if days is not None:
        if days < 0:
            raise ControlError(f"certificate_days must not be negative, and it is {days}")
        changes["k8s.certificate.days_left"] = {"expected": {"at_least": days}}
    return changes


def _snapshot(params: Params, controls: Sequence[Control]) -> tuple[Mapping[str, Any], int]:
    stored = stored_snapshot(params, _K8S)
    if stored is not None:
        return stored, 0
    later = params.get("later_version") or LATEST
    minor_of(later)  # says so where it is no version, before anything is asked
    cluster = connect(params)
    try:
        wanted = Wanted(
            scopes=None if params.get("include_snapshot") else frozenset(control.scope for control in controls),
            namespaces=Namespaces(params.get("namespaces") or (), params.get("exclude_namespaces") or ()),
            later_version=later,
            kubelet_configz=bool(params.get("kubelet_configz")),
            control_plane=bool(params.get("control_plane")),
            audit_log=params.get("audit_log") or (),
        )
        return collect(cluster, wanted), cluster.requests
    finally:
        cluster.close()
