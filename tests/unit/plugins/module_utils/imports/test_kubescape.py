# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of kubescape, version 2 of its format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown

WEB = "apps/v1/shop/Deployment/web"


def judged(status: str = "failed", control: str = "C-0057", **changed: Any) -> dict[str, Any]:
    paths = [{"failedPath": "spec.template.spec.containers[0].securityContext.privileged"}]
    rules = [{"name": "rule", "status": status, "paths": paths}]
    return {"controlID": control, "name": "Privileged", "status": {"status": status, **changed}, "rules": rules}


def report(*controls: dict[str, Any], resource: str = WEB, **changed: Any) -> dict[str, Any]:
    summary = {
        "C-0057": {"name": "Privileged container", "statusInfo": {"status": "failed"}, "scoreFactor": 8},
        "C-0042": {"name": "SSH", "statusInfo": {"status": "passed", "subStatus": "irrelevant"}, "scoreFactor": 3},
    }
    return {
        "generationTime": "0001-01-01T00:00:00Z",
        "clusterName": "production",
        "summaryDetails": {"controls": summary, "frameworks": []},
        "resources": [{"resourceID": resource, "object": {"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}}],
        "results": [{"resourceID": resource, "controls": list(controls)}],
        "metadata": {"scanMetadata": {"kubescapeVersion": "v3.0.0"}},
        **changed,
    }


def test_a_control_is_a_finding_of_each_resource(tmp_path: Path) -> None:
    told = imported(tmp_path, report(judged()))
    assert shown(told) == [
        ("kubescape.C-0042", "not_applicable", "low", "cluster/production"),
        ("kubescape.C-0057", "fail", "high", "Deployment/shop/web"),
    ]
    assert told["findings"][1]["actual"].endswith(".privileged")
    assert told["controls"] == ["kubescape.C-0042", "kubescape.C-0057"]
    assert "aHVudGVyMg" not in str(told)
    assert told["version"] == "v3.0.0"


def test_a_time_that_is_none_is_that_of_the_file(tmp_path: Path) -> None:
    assert imported(tmp_path, report())["collected_at"].startswith("20")


@pytest.mark.parametrize(
    ("status", "detail", "found"),
    [
        ("passed", "", "pass"),
        ("passed", "w/exceptions", "not_applicable"),
        ("skipped", "manual review", "manual"),
        ("", "", None),
        ("ended", "", "error"),
    ],
)
def test_statuses(tmp_path: Path, status: str, detail: str, found: str | None) -> None:
    given = report(judged(status, subStatus=detail))
    if found is None:
        with pytest.raises(ImportFault, match=r"results\[0\]\.controls\[0\]\.status is missing"):
            imported(tmp_path, given)
    else:
        assert imported(tmp_path, given, include_passes=True)["findings"][-1]["status"] == found


@pytest.mark.parametrize(
    ("statuses", "found"), [(["passed", "failed"], "fail"), (["passed", "skipped"], "manual"), (["passed"], "pass")]
)
def test_older_reports_tell_the_status_of_rules(tmp_path: Path, statuses: list[str], found: str) -> None:
    control = {"controlID": "C-0057", "name": "Privileged", "rules": [{"status": status} for status in statuses]}
    assert imported(tmp_path, report(control), include_passes=True)["findings"][-1]["status"] == found


@pytest.mark.parametrize(
    ("resource", "subject"),
    [
        ("/v1//Namespace/shop", {"kind": "Namespace", "name": "shop"}),
        ("path=96/api=apps/v1//Deployment/web", {"kind": "Deployment", "name": "web"}),
        ("hostdata/v1//KubeletInfo/node-1", {"kind": "KubeletInfo", "name": "node-1"}),
        ("user", {"kind": "resource", "name": "user"}),
    ],
)
def test_resources_are_named_by_their_ids(tmp_path: Path, resource: str, subject: dict[str, str]) -> None:
    assert imported(tmp_path, report(judged(), resource=resource))["findings"][-1]["subject"] == subject


def test_the_context_names_the_cluster_where_nothing_else_does(tmp_path: Path) -> None:
    context = {"contextMetadata": {"clusterContextMetadata": {"contextName": "kind-lab"}}}
    assert imported(tmp_path, report(clusterName="", metadata=context))["target"] == "kind-lab"
