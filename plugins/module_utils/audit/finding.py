# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding: what one control says of one subject. The same shape whatever found it.

A finding is a plain dict, for it travels through Ansible, JSON files and reports. Its fields:

control, title, severity, remediation: of the control. references: list of {benchmark, version, id}.
status: one of STATUSES. target: inventory host or cluster. subject: {kind, name, namespace?, container?}.
expected: {operator: operand} or null. actual, evidence: small JSON values. reason: why neither pass nor fail.
fingerprint: 32 hex digits, the same in every run. waiver: {owner, reason, expires} or null. drift: see drift.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

Finding = dict[str, Any]

STATUSES = ("pass", "fail", "waived", "not_applicable", "manual", "error")
SEVERITIES = ("critical", "high", "medium", "low", "info")

# An `actual` larger than this says no more to a reader, and a report of many hosts is to stay small.
LONGEST_VALUE = 2000


def fingerprint(control: str, target: str, subject: Mapping[str, str]) -> str:
    """Identify a finding over runs: by control, target and the subject's names, by no id that a restart changes."""
    identity = [control, target] + [subject.get(part, "") for part in ("kind", "namespace", "name", "container")]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]


def secret_fingerprint(secret: str) -> str:
    """Stand in for a secret wherever it would be shown: equal secrets look equal, and nothing more can be told."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()[:12]


def shortened(value: Any) -> Any:
    """A value fit for a report: itself, or its beginning as text where it is larger than LONGEST_VALUE characters."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) <= LONGEST_VALUE:
        return value
    return text[:LONGEST_VALUE] + f"… ({len(text)} characters)"


def summarize(findings: Iterable[Finding]) -> dict[str, dict[str, int]]:
    """Counts: {"status": {every status: n}, "severity": {every severity: n of fail}}."""
    status = dict.fromkeys(STATUSES, 0)
    severity = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        status[finding["status"]] += 1
        if finding["status"] == "fail":
            severity[finding["severity"]] += 1
    return {"status": status, "severity": severity}
