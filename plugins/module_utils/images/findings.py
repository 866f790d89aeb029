# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts and vulnerabilities as findings: the same whoever scanned, so that a change of scanner is no drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    Finding,
    fingerprint,
    shortened,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    GO,
    NOT_JUDGED,
    WARN,
    Evaluation,
    Reason,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import KnownVulnerability
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    IMAGE,
    Artifact,
    Vulnerability,
    artifact_name,
    vulnerability_finding,
)

POLICY_CONTROL = "anchore.policy_evaluation"
VULNERABILITY_CONTROL = "image.vulnerability"
BUNDLE_CONTROLS = ("anchore.images.blacklisted", "anchore.images.policy", "anchore.images.unmapped")
"""Of the lists and mappings of a bundle, which are no rules."""
_VERDICT_TITLE = "The policy lets the image through"
# A policy has no severities, but what it does of a match.
_SEVERITY = {"stop": "high", "warn": "medium", "go": "info"}


def findings_of(
    evaluation: Evaluation, vulnerabilities: tuple[KnownVulnerability, ...], target: str, scanner: str
) -> list[Finding]:
    """The verdict, each reason of it, and each vulnerability."""
    artifact = Artifact(IMAGE, evaluation.reference, evaluation.digest)
    told = (vulnerability_finding(target, artifact, _told(known), scanner) for known in vulnerabilities)
    rows = (_reason(reason, artifact, target, evaluation, scanner) for reason in _distinct(evaluation.reasons))
    return [_verdict(evaluation, artifact, target, scanner), *rows, *told]


def not_scanned(reference: str, digest: str, reason: str, target: str) -> Finding:
    """There is no verdict: an error, which a gate may refuse."""
    return _finding(
        POLICY_CONTROL,
        {"kind": IMAGE, "name": artifact_name(Artifact(IMAGE, reference, digest))},
        target,
        title=_VERDICT_TITLE,
        status="error",
        severity="high",
        remediation="See to what stood in the way, and scan again.",
        actual=None,
        evidence={"digest": digest} if digest else None,
        reason=reason,
    )


def as_result(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as plain data, as modules return it."""
    return {**asdict(evaluation), "reasons": [asdict(reason) for reason in evaluation.reasons]}


def _distinct(reasons: tuple[Reason, ...]) -> Iterator[Reason]:
    """One row for what would have the same identity: the strictest."""
    found: dict[tuple[str, str, str], Reason] = {}
    for reason in sorted(reasons, key=lambda row: (bool(row.allowlisted), ("stop", "warn", "go").index(row.action))):
        found.setdefault((reason.gate, reason.trigger, reason.trigger_id), reason)
    yield from found.values()


def _verdict(evaluation: Evaluation, artifact: Artifact, target: str, scanner: str) -> Finding:
    return _finding(
        POLICY_CONTROL,
        {"kind": IMAGE, "name": artifact_name(artifact)},
        target,
        title=_VERDICT_TITLE,
        status="pass" if evaluation.passed else "fail",
        severity="high",
        remediation="Take away what the policy stops, which the other findings of the evaluation name.",
        actual=evaluation.action,
        evidence={
            "policy": evaluation.policy_id,
            "why": evaluation.why,
            "digest": evaluation.digest,
            "scanner": scanner,
        },
    )


def _reason(reason: Reason, artifact: Artifact, target: str, evaluation: Evaluation, scanner: str) -> Finding:
    status, why = _standing(reason, evaluation)
    return _finding(
        f"anchore.{reason.gate}.{reason.trigger}",
        {"kind": IMAGE, "name": artifact_name(artifact), "container": reason.trigger_id},
        target,
        title=f"The policy is not triggered by {reason.gate}: {reason.trigger}",
        status=status,
        severity=_SEVERITY[reason.action],
        remediation="Change the image so that the rule of the policy does not match.",
        actual=reason.message,
        evidence={"action": reason.action, "policy": evaluation.policy_id, "scanner": scanner},
        reason=why,
    )


def _standing(reason: Reason, evaluation: Evaluation) -> tuple[str, str | None]:
    """The status of a reason, and why it is that."""
    if reason.allowlisted:
        return "not_applicable", f"It is on the allow list {reason.allowlisted}"
    if evaluation.why == "whitelisted":
        return "not_applicable", "The image is on the allow list of the policy"
    if reason.trigger_id == NOT_JUDGED:
        return {GO: "manual", WARN: "error"}.get(reason.action, "fail"), reason.message
    return ("pass" if reason.action == GO else "fail"), None


def _finding(control: str, subject: dict[str, str], target: str, **fields: Any) -> Finding:
    return {
        "control": control,
        "references": [],
        "target": target,
        "subject": subject,
        "expected": None,
        "reason": None,
        **fields,
        "actual": shortened(fields["actual"]),
        "fingerprint": fingerprint(control, target, subject),
        "waiver": None,
        "drift": None,
    }


def _told(known: KnownVulnerability) -> Vulnerability:
    return Vulnerability(
        id=known.id,
        package=known.package,
        version=known.version,
        type=known.type,
        told=known.severity,
        score=known.cvss,
        fixed_in=known.fixed_in,
        aliases=known.aliases,
        description=known.description,
        url=known.url,
        place=known.path,
    )
