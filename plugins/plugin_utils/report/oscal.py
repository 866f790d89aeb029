# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSCAL assessment results (NIST), for a compliance platform: an observation a verdict, a finding a control.

Identifiers are UUIDs of version 5, made of what they name: the same finding has the same identifier in every report.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import WAIVER_TARGET
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.json_text import encode, quoted
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    subject_text,
    verdict_text,
)

OSCAL_VERSION = "1.1.3"
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/bulkhead-security/container_security/oscal")
_NAMESPACE = "https://github.com/bulkhead-security/container_security"
_PLAN = "plan"

# Identifiers of observations, by fingerprint.
Ids = Mapping[str, str]

# Only these are evidence of a control; a control that does not apply is neither met nor missed.
_OBSERVED = ("fail", "waived", "pass", "error", "manual")


def render(report: Report) -> str:
    """The report as OSCAL JSON, one observation a line."""
    findings = [f for f in report["findings"] if f["status"] in _OBSERVED and f["target"] != WAIVER_TARGET]
    ids = {finding["fingerprint"]: _id("observation", finding["fingerprint"]) for finding in findings}
    collected = quoted(report["generated_at"])
    observations = ",\n".join(_observation(finding, collected, ids) for finding in findings)
    document = encode({"assessment-results": _document(report, findings, ids)})
    # Observations are put in as text: encoding each by itself keeps a line each without a slow indent.
    return document.replace('"observations": []', f'"observations": [\n{observations}\n]', 1) + "\n"


def _id(*parts: str) -> str:
    """A UUID of version 5 (RFC 9562, 5.5), without the cost of an object for each of many thousand."""
    digest = bytearray(hashlib.sha1(_SPACE.bytes + "\n".join(parts).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@lru_cache(maxsize=4096)
def _target_id(name: str) -> str:
    return _id("target", name)


def _document(report: Report, findings: Sequence[Finding], ids: Ids) -> dict[str, Any]:
    return {
        # A document with other content has another identifier; its times are no content.
        "uuid": _id("document", report["title"], *(f"{f['fingerprint']}{f['status']}" for f in findings)),
        "metadata": {
            "title": _line(report["title"]),
            "last-modified": report["generated_at"],
            "version": report["generated_at"],
            "oscal-version": OSCAL_VERSION,
        },
        "import-ap": {"href": f"#{_id(_PLAN)}"},
        "results": [_result(report, findings, ids)],
        "back-matter": {"resources": [_plan()]},
    }


def _plan() -> dict[str, str]:
    text = "The controls are those of the collection bulkhead.container_security; there is no separate assessment plan."
    return {"uuid": _id(_PLAN), "title": "Automated assessment", "description": text}


def _result(report: Report, findings: Sequence[Finding], ids: Ids) -> dict[str, Any]:
    controls = sorted({finding["control"] for finding in findings})
    selection: dict[str, Any] = {"description": "Controls with a verdict in this report."}
    if controls:
        selection["include-controls"] = [{"control-id": _token(control)} for control in controls]
    result = {
        "uuid": _id("result", report["title"]),
        "title": _line(report["title"]),
        "description": "Verdicts of an automated audit of container hosts.",
        "start": _start(report),
        "end": report["generated_at"],
        "local-definitions": {"inventory-items": [_item(row) for row in report["targets"]]},
        "reviewed-controls": {"control-selections": [selection]},
        "observations": [],
        "findings": _findings(findings, ids),
    }
    # An OSCAL array may be absent, never empty.
    if not report["targets"]:
        del result["local-definitions"]
    return {name: value for name, value in result.items() if findings or name not in ("observations", "findings")}


def _start(report: Report) -> str:
    times = [str(row["collected_at"]) for row in report["targets"] if row["collected_at"]]
    return min([*times, str(report["generated_at"])])


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    state = "audited" if row["audited"] else "not-audited"
    return {
        "uuid": _target_id(row["name"]),
        "description": row["name"],
        "props": [_prop("audit-state", state)],
    }


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": _NAMESPACE, "value": _line(value)}


def _observation(finding: Finding, collected: str, ids: Ids) -> str:
    """An observation as JSON text: there are as many as verdicts, and most of each is the same. `collected` is JSON."""
    method = "EXAMINE" if finding["status"] == "manual" else "TEST"
    return (
        f'{{"uuid": "{ids[finding["fingerprint"]]}", "description": {quoted(verdict_text(finding))}, '
        f'"props": [{_props(finding)}], "methods": ["{method}"], "types": ["finding"], '
        f'"subjects": [{{"subject-uuid": "{_target_id(finding["target"])}", "type": "inventory-item"}}], '
        f'"collected": {collected}}}'
    )


def _props(finding: Finding) -> str:
    values = [
        _prop_text("status", finding["status"]),
        _prop_text("subject", subject_text(finding["subject"])),
        # Not remembered: no two findings share one.
        f'{{"name": "fingerprint", "ns": "{_NAMESPACE}", "value": {quoted(_line(finding["fingerprint"]))}}}',
    ]
    if finding["drift"]:
        values.append(_prop_text("drift", finding["drift"]))
    values += [_prop_text(f"waiver-{part}", value) for part, value in (finding["waiver"] or {}).items() if value]
    return ", ".join(values)


@lru_cache(maxsize=4096)
def _prop_text(name: str, value: str) -> str:
    return encode(_prop(name, value))


def _findings(findings: Iterable[Finding], ids: Ids) -> list[dict[str, Any]]:
    by_control: dict[str, list[Finding]] = {}
    for finding in findings:
        by_control.setdefault(finding["control"], []).append(finding)
    return [_finding(control, rows, ids) for control, rows in sorted(by_control.items())]


def _finding(control: str, rows: Sequence[Finding], ids: Ids) -> dict[str, Any]:
    # Waived risk is accepted, not gone; and what nobody could judge is not satisfied either.
    met = all(row["status"] == "pass" for row in rows)
    return {
        "uuid": _id("finding", control),
        "title": _line(rows[0]["title"]),
        "description": rows[0]["remediation"] or rows[0]["title"],
        "props": [_prop("severity", rows[0]["severity"])],
        "target": {
            "type": "objective-id",
            "target-id": _token(control),
            "status": {"state": "satisfied" if met else "not-satisfied", "reason": "pass" if met else _why(rows)},
        },
        "related-observations": [{"observation-uuid": ids[row["fingerprint"]]} for row in rows],
    }


def _why(rows: Iterable[Finding]) -> str:
    return "fail" if any(row["status"] in ("fail", "waived") for row in rows) else "other"


def _line(text: str) -> str:
    """Text without line breaks or surrounding space, never empty, as OSCAL's strings must be."""
    return " ".join(text.split()) or "-"


def _token(text: str) -> str:
    token = re.sub(r"[^\w.-]", "_", text)
    return token if re.match(r"[^\W\d]", token) else f"_{token}"
