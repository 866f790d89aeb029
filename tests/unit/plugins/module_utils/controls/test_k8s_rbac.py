# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import checked
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s import K8S_SCOPES
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_rbac import RBAC_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.access import risk_names
from tests.unit.plugins.module_utils.controls.verdicts import failing

RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
PATH = {
    "via": "RoleBinding a/b → Role a/c rule 0, in a",
    "rule_index": 0,
    "namespace": "a",
    "rule": RULE,
    "instead": [],
}
ACCOUNT = {"default": False, "automount": False, "bound": True}


@pytest.mark.parametrize("risk", risk_names())
def test_a_risk_fails_its_own_control(risk: str) -> None:
    assert failing(RBAC_CONTROLS, "access", {"role_count": 1, risk: [PATH]}) == {risk}


@pytest.mark.parametrize(
    ("scope", "facts", "fails"),
    [
        ("access", {"role_count": 3}, set()),
        ("access", {"role_count": 4}, {"many_roles"}),
        ("access", {"bound_subjects": 4}, set()),
        ("access", {"bound_subjects": 5}, {"many_subjects"}),
        ("access", {"role_count": 1, "unused": []}, set()),
        ("access", {"role_count": 1, "unused": ["x"]}, {"unused_grants"}),
        ("binding", {}, set()),
        ("binding", {"dangling": "Role a/b"}, {"dangling_role"}),
        ("binding", {"stale_subjects": ["ServiceAccount a/b"]}, {"stale_subject"}),
        ("binding", {"added_subjects": ["User eve"]}, {"default_binding_changed"}),
        ("role", {}, set()),
        ("role", {"added_rules": [{"rule_index": 1, "rule": RULE}], "autoupdate": True}, {"default_role_changed"}),
        ("role", {"autoupdate": False}, {"default_role_frozen"}),
        ("service_account", ACCOUNT, set()),
        ("service_account", {**ACCOUNT, "automount": True}, set()),
        ("service_account", {**ACCOUNT, "automount": True, "bound": False}, {"unbound_sa_automount"}),
        ("service_account", {**ACCOUNT, "default": True}, set()),
        ("service_account", {**ACCOUNT, "default": True, "automount": True}, {"default_sa_automount"}),
        ("service_account", {**ACCOUNT, "default": True, "bound_by": ["x"]}, {"default_sa_bound"}),
        ("service_account", {**ACCOUNT, "bound_by": ["x"]}, set()),
        ("service_account", {**ACCOUNT, "cloud_identity": {"a": "b"}}, {"cloud_iam"}),
    ],
)
def test_other_facts(scope: str, facts: dict[str, Any], fails: set[str]) -> None:
    assert failing(RBAC_CONTROLS, scope, facts) == fails


def test_a_finding_tells_the_path_and_what_would_do_instead() -> None:
    access = {"subject": {"kind": "User", "name": "eve"}, "role_count": 1, "secrets_read": [PATH]}
    (finding,) = [
        finding
        for finding in evaluate({"subjects": {"access": [access]}}, RBAC_CONTROLS, "lab").findings
        if finding["status"] == "fail"
    ]
    assert finding["actual"] == ["RoleBinding a/b → Role a/c rule 0, in a"]
    assert finding["evidence"] == [{"rule": RULE, "instead": []}]


def test_without_a_log_nobody_can_tell_what_is_unused() -> None:
    access = {"subject": {"kind": "User", "name": "eve"}, "role_count": 1}
    found = evaluate({"subjects": {"access": [access]}}, RBAC_CONTROLS, "lab").findings
    assert [finding["status"] for finding in found if finding["control"] == "k8s.rbac.unused_grants"] == [
        "not_applicable"
    ]


def test_each_row_is_sound_and_says_why_and_what_to_do() -> None:
    for control in RBAC_CONTROLS:
        assert checked(control, K8S_SCOPES) == control
        assert control.rationale
        assert control.remediation


def test_the_benchmarks_section_on_access_is_covered() -> None:
    covered = {(each["version"], each["id"]) for control in RBAC_CONTROLS for each in control.references}
    assert covered == {("1.12.0", f"5.1.{number}") for number in range(1, 14)} | {
        ("1.6.0", f"5.1.{number}") for number in range(1, 7)
    }
