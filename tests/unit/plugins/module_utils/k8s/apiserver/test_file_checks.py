# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that an API server would not start with."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.file_checks import (
    FileProblem,
    check_file,
)

POLICY = Path(__file__).parents[6] / "roles" / "k8s_apiserver" / "files" / "audit_policy.yml"
RULE: dict[str, Any] = {"level": "Metadata"}


def policy(*rules: Any, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": list(rules), **more}


@pytest.mark.parametrize("release", [(1, 20), (1, 36)])
def test_the_policy_of_the_role_is_taken_by_every_release(release: tuple[int, int]) -> None:
    check_file("audit-policy-file", yaml.safe_load(POLICY.read_text()), "p", release)


def test_the_policy_of_the_role_never_writes_a_secret_down() -> None:
    for rule in yaml.safe_load(POLICY.read_text())["rules"]:
        groups = rule.get("resources") or [{"group": "", "resources": ["secrets"]}]
        core = [group.get("resources") or ["secrets"] for group in groups if not group.get("group")]
        if any({"secrets", "*"} & set(resources) for resources in core):
            assert rule["level"] in ("None", "Metadata")
            if rule["level"] == "Metadata":
                return
    raise AssertionError("no rule is about Secrets")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (policy(), "has no rules"),
        ({**policy(RULE), "kind": "Polity"}, "must be a Policy"),
        ({**policy(RULE), "apiVersion": "audit.k8s.io/v1beta1"}, "must be a Policy"),
        (policy(RULE, omitstages=[]), "no member omitstages"),
        (policy(RULE, omitStages=["Received"]), "a stage is one of"),
        (policy(RULE, {"level": "metadata"}), "rule 2: level is one of"),
        (policy({**RULE, "verb": ["get"]}), "rule 1 has no member verb"),
        (policy({**RULE, "users": "admin"}), "users is not a list"),
        (policy({**RULE, "nonResourceURLs": ["/a"], "namespaces": ["x"]}), "not about both"),
        (policy({**RULE, "nonResourceURLs": ["healthz"]}), "must begin with /"),
        (policy({**RULE, "nonResourceURLs": ["/a*b"]}), "may end with one"),
        (policy({**RULE, "resources": [{"group": "apps/v1"}]}), "without a version, 'apps'"),
        (policy({**RULE, "resources": [{"resourceNames": ["x"]}]}), "need resources"),
        (policy({**RULE, "resources": ["pods"]}), "is not a dict"),
    ],
)
def test_a_wrong_audit_policy_is_refused_with_its_place(data: dict[str, Any], said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        check_file("audit-policy-file", data, "p", (1, 28))


def test_managed_fields_can_be_left_out_from_1_23_on() -> None:
    check_file("audit-policy-file", policy({**RULE, "omitManagedFields": True}), "p", (1, 23))
    with pytest.raises(FileProblem, match=r"from 1\.23 on"):
        check_file("audit-policy-file", policy({**RULE, "omitManagedFields": True}), "p", (1, 22))


def config(kind: str, version: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": f"apiserver.config.k8s.io/{version}", "kind": kind, **more}


@pytest.mark.parametrize(
    ("flag", "data", "release", "said"),
    [
        (
            "admission-control-config-file",
            config("AdmissionConfiguration", "v1", plugins=[{"path": "/x"}]),
            (1, 28),
            "no name",
        ),
        (
            "admission-control-config-file",
            config("AdmissionConfiguration", "v1", plugins=[{"name": "A", "path": "/x", "configuration": {"a": 1}}]),
            (1, 28),
            "keep one",
        ),
        (
            "authentication-config",
            config("AuthenticationConfiguration", "v1beta1", anonymous={}),
            (1, 30),
            "from 1.31 on",
        ),
        (
            "authentication-config",
            config("AuthenticationConfiguration", "v1"),
            (1, 33),
            "must be a AuthenticationConfiguration",
        ),
        (
            "authorization-config",
            config("AuthorizationConfiguration", "v1", authorizers=[{"type": "RBAC"}]),
            (1, 32),
            "Node",
        ),
        ("audit-webhook-config-file", {"kind": "Config", "clusters": [1]}, (1, 28), "without contexts"),
        (
            "audit-webhook-config-file",
            {"clusters": [1], "contexts": [{"name": "a"}], "current-context": "b"},
            (1, 28),
            "current-context names none",
        ),
    ],
)
def test_other_wrong_files_are_refused(flag: str, data: dict[str, Any], release: tuple[int, int], said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        check_file(flag, copy.deepcopy(data), "p", release)
