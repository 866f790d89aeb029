# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings, audits and reports to test with: small ones to reason about, and a fleet as large as the promise."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import Previous
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    SEVERITIES,
    Finding,
    fingerprint,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import (
    Report,
    Terms,
    assemble,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import Audit

NOW = datetime.datetime(2030, 5, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)
PRIVILEGED = "docker.container.privileged"


def finding(
    control: str = PRIVILEGED,
    target: str = "web1",
    name: str = "app",
    status: str = "fail",
    severity: str = "critical",
    **changes: Any,
) -> Finding:
    """A finding about a container, with whatever is to be different."""
    subject = {"kind": "container", "name": name}
    return {
        "control": control,
        "title": "A container must not be privileged",
        "severity": severity,
        "remediation": "Start it without --privileged.",
        "references": [{"benchmark": "cis-docker", "version": "1.8.0", "id": "5.5"}],
        "status": status,
        "target": target,
        "subject": subject,
        "expected": {"equals": False},
        "actual": True,
        "evidence": {"image": "shop/app:1"},
        "reason": None,
        "fingerprint": fingerprint(control, target, subject),
        "waiver": None,
        "drift": None,
        **changes,
    }


def audit(target: str, *findings: Finding, controls: Iterable[str] = (PRIVILEGED,), **changes: Any) -> Audit:
    """An audit of a target by some controls."""
    return Audit(target, list(findings), frozenset(controls), "2030-05-01T11:59:00Z", {"engine": "27.0"}, **changes)


def report(*audits: Audit, previous: Previous | None = None, **terms: Any) -> Report:
    """A report made at NOW."""
    return assemble(audits, previous, Terms(**{"title": "Audit", "now": NOW, **terms}))


def previous(report: Report) -> Previous:
    """A report as the next run sees it."""
    return Previous(report["generated_at"], report["findings"], report["unchecked"], report["history"])


def fleet(hosts: int, each: int) -> list[Audit]:
    """Hosts with so many findings each, most of them failing, as an audit of real containers gives them."""
    return [_host(f"node{number:03}.example.net", each) for number in range(hosts)]


def _host(target: str, each: int) -> Audit:
    controls = [f"docker.section{number % 7}.control{number:03}" for number in range(60)]
    findings = [_numbered(controls[number % 60], target, number) for number in range(each)]
    return Audit(target, findings, frozenset(controls), "2030-05-01T11:59:00Z", {"engine": "27.0", "api": "1.46"}, 80)


def _numbered(control: str, target: str, number: int) -> Finding:
    rank = number % 60
    return finding(
        control,
        target,
        name=f"service-{number // 60}-{target[:7]}",
        status=("fail", "fail", "fail", "fail", "manual", "not_applicable", "error")[rank % 7],
        severity=SEVERITIES[(rank * 7) % 5],
        title=f"Rule {rank} about how a container is to be kept apart from its host",
        remediation=f"Set option {rank} of the container, and recreate it: what runs already keeps what it was given.",
        actual=(True, "unconfined", number, ["SYS_ADMIN", f"CAP_{number}"], {"memory": number, "swap": -1})[rank % 5],
        reason="The fact could not be read." if rank % 7 == 6 else None,
    )
