# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and bindings of a real cluster: what came with it is no finding, and the controls read every fact."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_rbac import RBAC_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.aggregation import aggregated
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.defaults import (
    is_default_role,
    shipped_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.facts import rbac_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import (
    RbacObjects,
    read_cluster,
)
from tests.lab.kubernetes import Kubernetes

_BOOTSTRAPPED = "kubernetes.io/bootstrapping"


@pytest.fixture(scope="module")
def objects(k8s: Kubernetes) -> RbacObjects:
    """What the shared cluster grants."""
    return read_cluster(k8s.cluster())


@pytest.fixture(scope="module")
def own(objects: RbacObjects) -> RbacObjects:
    """Of that, what the API server has made."""
    return RbacObjects(
        [role for role in objects.roles if _BOOTSTRAPPED in role.labels],
        [binding for binding in objects.bindings if _BOOTSTRAPPED in binding.labels],
        objects.accounts,
    )


def test_every_role_and_binding_of_the_api_server_is_known(own: RbacObjects) -> None:
    assert len(own.roles) > 60
    assert [role.ref.text for role in own.roles if not is_default_role(role.ref)] == []
    assert [binding.text for binding in own.bindings if shipped_subjects(binding) is None] == []


def test_what_came_with_the_cluster_is_no_finding(own: RbacObjects) -> None:
    facts = rbac_facts(own)
    assert [found for found in facts["access"] if found["subject"]["kind"] != "Namespace"] == []
    scopes = {"subjects": {scope: facts[scope] for scope in ("role", "binding", "access")}}
    controls = [control for control in RBAC_CONTROLS if control.scope in scopes["subjects"]]
    findings = evaluate(scopes, controls, "lab").findings
    assert {finding["status"] for finding in findings} <= {"not_applicable"}


def _settled(k8s: Kubernetes) -> bool:
    """Whether the controller has written into `view`, `edit` and `admin` what we make of their parts."""
    roles = [role for role in read_cluster(k8s.cluster(), accounts=False).roles if _BOOTSTRAPPED in role.labels]
    stored = {role.ref: set(role.rules) for role in roles if role.selectors}
    ours = {role.ref: set(role.rules) for role in aggregated(roles) if role.selectors}
    return len(stored) == 3 and all(stored.values()) and ours == stored


def test_aggregation_is_that_of_the_controller(k8s: Kubernetes) -> None:
    k8s.processes.wait("aggregated roles as ours", lambda: _settled(k8s), ["kube-controller-manager"], timeout=60)
