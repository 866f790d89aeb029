# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `anchore-cli --json` prints, and the API of Anchore Engine answers: vulnerabilities, evaluations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import (
    EACH_ITEM,
    EACH_MEMBER,
    Path,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    IMAGE,
    Artifact,
    Vulnerability,
    artifact_name,
)

# A policy has no severities, but what it does of a match.
_SEVERITY = {"stop": "high", "warn": "medium", "go": "info"}
_COLUMNS = ("Trigger_Id", "Gate", "Trigger", "Check_Output", "Gate_Action", "Whitelisted", "Policy_Id")


def read_vulnerabilities(report: Report) -> Iterator[Finding]:
    """A finding for each vulnerability of each package. The answer knows the image by its digest only."""
    digest = foreign.name(report.head.get("imageDigest"))
    report.made_by("anchore")
    artifact = Artifact(IMAGE, report.artifact or digest, digest)
    report.about(artifact_name(artifact))
    # `image vuln IMAGE os` does not look at the packages of languages.
    if report.head.get("vulnerability_type") in ("all", None):
        report.controls.add("image.vulnerability")
    for path, row in report.objects(("vulnerabilities", EACH_ITEM)):
        yield report.vulnerability(artifact, _vulnerability(report, path, row))


def _vulnerability(report: Report, path: Path, row: Mapping[str, Any]) -> Vulnerability:
    fix = foreign.name(row.get("fix"))
    package = row.get("package_name") or row.get("package")
    return Vulnerability(
        id=report.required(row.get("vuln"), path, "vuln"),
        package=report.required(package, path, "package_name"),
        version=foreign.name(row.get("package_version")),
        type=foreign.name(row.get("package_type")),
        told=foreign.name(row.get("severity")),
        score=_score(row),
        fixed_in=[fix] if fix and fix != "None" else (),
        aliases=[foreign.name(nvd.get("id")) for nvd in map(foreign.mapping, foreign.rows(row.get("nvd_data")))],
        url=foreign.name(row.get("url")),
        place=foreign.name(row.get("package_path")),
    )


def _score(row: Mapping[str, Any]) -> float | None:
    rated = [*foreign.rows(row.get("nvd_data")), *foreign.rows(row.get("vendor_data"))]
    for version in ("cvss_v3", "cvss_v2"):
        scores = [foreign.mapping(foreign.mapping(data).get(version)).get("base_score") for data in rated]
        # What is not rated has the score -1.
        known = [score for score in map(foreign.number, scores) if score is not None and score > 0]
        if known:
            return max(known)
    return None


def read_evaluations(report: Report) -> Iterator[Finding]:
    """A finding for each row of an evaluation (only with --detail), and one for its result."""
    report.made_by("anchore")
    named = False
    for path, row in report.objects((EACH_ITEM, EACH_MEMBER, EACH_MEMBER, EACH_ITEM)):
        artifact = Artifact(IMAGE, report.artifact or foreign.name(path[2]), foreign.name(path[1]))
        if not named:
            report.about(artifact_name(artifact))
            report.made_by("anchore", moment=row.get("last_evaluation"))
            named = True
        yield _verdict(report, artifact, path, row)
        yield from _rows(report, artifact, path, row)
    if not named:
        raise report.fault((), "holds no evaluation")


def _verdict(report: Report, artifact: Artifact, path: Path, row: Mapping[str, Any]) -> Finding:
    told = report.required(row.get("status"), path, "status").lower()
    if told not in ("pass", "fail"):
        raise report.fault((*path, "status"), f"is {told}, and neither pass nor fail")
    result = _result(row)
    return report.finding(
        "anchore.policy_evaluation",
        {"kind": IMAGE, "name": artifact_name(artifact)},
        title="The policy lets the image through",
        status=told,
        severity="high",
        remediation="Take away what the policy stops, which the other findings of the evaluation name.",
        actual=foreign.name(result.get("final_action")) or told,
        evidence={
            "policy": foreign.name(row.get("policyId")),
            "why": foreign.name(result.get("final_action_reason")),
            "digest": artifact.digest,
        },
    )


def _result(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return foreign.mapping(foreign.mapping(row.get("detail")).get("result"))


def _rows(report: Report, artifact: Artifact, path: Path, row: Mapping[str, Any]) -> Iterator[Finding]:
    for image in foreign.mapping(_result(row).get("result")).values():
        # A rule that is not triggered is not told.
        report.controls.add("anchore.*")
        table = foreign.mapping(foreign.mapping(image).get("result"))
        header = foreign.texts(table.get("header"), 50)
        for number, cells in enumerate(foreign.rows(table.get("rows"))):
            if not isinstance(cells, list) or len(cells) != len(header):
                raise report.fault((*path, "rows", number), "has not as many cells as the header")
            yield _triggered(report, artifact, dict(zip(header, cells)), (*path, "rows", number))


def _triggered(report: Report, artifact: Artifact, cells: Mapping[str, Any], path: Path) -> Finding:
    missing = next(itertools.filterfalse(cells.__contains__, _COLUMNS[:5]), None)
    if missing:
        raise report.fault(path, f"has no column {missing}")
    action = foreign.name(cells["Gate_Action"]).lower()
    excuse = foreign.mapping(cells.get("Whitelisted"))
    status = "not_applicable" if excuse else "pass" if action == "go" else "fail"
    allowed = f"It is on the allow list {foreign.name(excuse.get('whitelist_name'))}".strip()
    subject = {"kind": IMAGE, "name": artifact_name(artifact), "container": foreign.name(cells["Trigger_Id"])}
    return report.finding(
        control_id("anchore", cells["Gate"], cells["Trigger"]),
        subject,
        title=f"The policy is not triggered by {foreign.name(cells['Gate'])}: {foreign.name(cells['Trigger'])}",
        status=status,
        severity=_SEVERITY.get(action, "medium"),
        remediation="Change the image so that the rule of the policy does not match.",
        actual=foreign.text(cells["Check_Output"]),
        evidence={"action": action, "policy": foreign.name(cells.get("Policy_Id"))},
        reason=allowed if excuse else "",
    )
