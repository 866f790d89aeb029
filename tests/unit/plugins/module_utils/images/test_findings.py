# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts as findings: what fails, what is excused, and what could not be judged."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    NOT_JUDGED,
    Evaluation,
    Reason,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import (
    CvssScores,
    KnownVulnerability,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.findings import (
    as_result,
    findings_of,
    not_scanned,
)

NAME, DIGEST = "registry.example.com/shop/web:1.4", "sha256:" + "1" * 64
PACKAGE = ("vulnerabilities", "package")


def evaluation(*reasons: Reason, action: str = "stop", why: str = "policy_evaluation") -> Evaluation:
    return Evaluation(NAME, DIGEST, "b", action, reasons, "2026-02-03T04:05:06Z", why)


def told(*reasons: Reason, action: str = "stop", why: str = "policy_evaluation") -> list[Finding]:
    return findings_of(evaluation(*reasons, action=action, why=why), (), "t", "grype")


@pytest.mark.parametrize(
    ("reason", "why", "status"),
    [
        (Reason(*PACKAGE, "CVE-1+a", "bad", "stop"), "policy_evaluation", "fail"),
        (Reason(*PACKAGE, "CVE-1+a", "bad", "warn"), "policy_evaluation", "fail"),
        (Reason(*PACKAGE, "CVE-1+a", "fine", "go"), "policy_evaluation", "pass"),
        (Reason(*PACKAGE, "CVE-1+a", "bad", "stop", "for now"), "policy_evaluation", "not_applicable"),
        (Reason(*PACKAGE, "CVE-1+a", "bad", "stop"), "whitelisted", "not_applicable"),
        (Reason(*PACKAGE, "CVE-1+a", "bad", "stop"), "blacklisted", "fail"),
        (Reason("files", "name_match", NOT_JUDGED, "no", "warn"), "policy_evaluation", "error"),
        (Reason("files", "name_match", NOT_JUDGED, "no", "stop"), "policy_evaluation", "fail"),
        (Reason("files", "name_match", NOT_JUDGED, "no", "go"), "policy_evaluation", "manual"),
    ],
)
def test_what_a_reason_comes_to(reason: Reason, why: str, status: str) -> None:
    verdict, row = told(reason, why=why, action="go" if why == "whitelisted" else reason.action)
    assert row["status"] == status
    assert row["control"] == f"anchore.{reason.gate}.{reason.trigger}"
    assert bool(row["reason"]) == (status in ("not_applicable", "error", "manual") or reason.trigger_id == NOT_JUDGED)
    assert verdict["control"] == "anchore.policy_evaluation"
    assert (verdict["status"] == "pass") == (why == "whitelisted" or reason.action != "stop")


def test_of_two_with_the_same_identity_the_strictest_is_told() -> None:
    rows = told(Reason(*PACKAGE, "CVE-1+a", "mild", "warn"), Reason(*PACKAGE, "CVE-1+a", "strict", "stop"))
    assert [row["actual"] for row in rows] == ["stop", "strict"]
    excused = told(Reason(*PACKAGE, "CVE-1+a", "old", "stop", "list"), Reason(*PACKAGE, "CVE-1+a", "other", "warn"))
    assert [row["status"] for row in excused] == ["fail", "fail"]


def test_a_change_of_scanner_or_content_is_no_drift() -> None:
    known = KnownVulnerability("CVE-1", "high", "a", "1", "deb", nvd=CvssScores(7.5))
    row = Reason(*PACKAGE, "CVE-1+a", "bad", "stop")
    one = findings_of(evaluation(row), (known,), "t", "grype")
    moved = Evaluation(NAME, "sha256:" + "2" * 64, "c", "stop", (row,), "2026-03-03T04:05:06Z", "policy_evaluation")
    other = findings_of(moved, (known,), "t", "anchore")
    assert [row["fingerprint"] for row in one] == [row["fingerprint"] for row in other]
    assert len({row["fingerprint"] for row in one}) == 3
    assert one[2]["control"] == "image.vulnerability"


def test_no_verdict_is_an_error_at_the_place_of_the_verdict() -> None:
    row = not_scanned(NAME, "", "the registry does not answer", "t")
    assert (row["status"], row["reason"], row["evidence"]) == ("error", "the registry does not answer", None)
    assert row["fingerprint"] == told()[0]["fingerprint"]


def test_plain_data() -> None:
    result = as_result(evaluation(Reason(*PACKAGE, "CVE-1+a", "bad", "stop")))
    assert result["reasons"][0]["trigger_id"] == "CVE-1+a"
    assert result["why"] == "policy_evaluation"
