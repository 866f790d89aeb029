# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of image_scan: scan every image side by side, by whichever engine, and put the answer together."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding, summarize
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Bundle
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import (
    BundleError,
    bundle_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.validate import validate
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import KnownVulnerability
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.findings import (
    BUNDLE_CONTROLS,
    POLICY_CONTROL,
    VULNERABILITY_CONTROL,
    as_result,
    findings_of,
    not_scanned,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import (
    GrypeScanner,
    Request,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.program import read_json
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.syft import source_of


class ScanOptionsError(Exception):
    """Options that cannot be used; the message is one sentence for the user."""


def bundle_of(policy: Mapping[str, Any] | None, path: str | None) -> Bundle:
    """The bundle that is handed over, or that a file holds, checked. Raises ScanOptionsError."""
    try:
        value = policy if policy is not None else read_json(Path(str(path)), "policy_path")
        bundle = bundle_from(value)
    except (BundleError, ScannerError) as exc:
        raise ScanOptionsError(f"The policy cannot be used: {exc}") from exc
    faults = [problem for problem in validate(bundle) if problem.level == "error"]
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise ScanOptionsError(f"The policy cannot be used: {faults[0].path}: {faults[0].message}{more}")
    return bundle


def request_of(image: Mapping[str, Any]) -> Request:
    """One entry of the option `images`. Raises ScanOptionsError for a Dockerfile that cannot be read."""
    path = image.get("dockerfile")
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace") if path else None
    except OSError as exc:
        raise ScanOptionsError(f"images: {path} cannot be read: {exc.strerror}") from exc
    files = {name: Path(image[name]) if image.get(name) else None for name in ("sbom", "report")}
    return Request(
        image["image"], text, files["sbom"], files["report"], image.get("digest") or "", image.get("name") or ""
    )


def scan_all(
    scanner: GrypeScanner, requests: Sequence[Request], *, target: str, parallel: int, timeout: float
) -> dict[str, Any]:
    """Scan them, `parallel` at once, each for at most `timeout` seconds. What fails is told, and no other lost."""
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        scanned = list(pool.map(lambda request: _one(scanner, request, target, timeout), requests))
    controls = {POLICY_CONTROL, VULNERABILITY_CONTROL, *BUNDLE_CONTROLS}
    controls |= {f"anchore.{rule.gate}.{rule.trigger}" for policy in scanner.bundle.policies for rule in policy.rules}
    return answer(
        [row for row, _found in scanned], [found for _row, each in scanned for found in each], controls, target
    )


def answer(images: list[dict[str, Any]], findings: list[Finding], controls: set[str], target: str) -> dict[str, Any]:
    """What the module returns."""
    return {
        "images": images,
        "findings": findings,
        "summary": {**summarize(findings), "controls": len(controls)},
        "controls": sorted(controls),
        "collected_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "target": target,
        "failed_images": [f"{row['reference']}: {row['error']}" for row in images if row["error"]],
    }


def by_policy_alone(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result whose findings are the verdicts and their reasons, so that a gate closes for what the policy stops."""
    findings = [row for row in result["findings"] if row["control"] != VULNERABILITY_CONTROL]
    controls = [name for name in result["controls"] if name != VULNERABILITY_CONTROL]
    summary = {**summarize(findings), "controls": len(controls)}
    return {**result, "findings": findings, "controls": controls, "summary": summary}


def _one(scanner: GrypeScanner, request: Request, target: str, timeout: float) -> tuple[dict[str, Any], list[Finding]]:
    began = time.monotonic()
    try:
        scan = scanner.scan(request, deadline=began + timeout)
    except ScannerError as exc:
        return failure(request.name or source_name(request.image), request.digest, exc, target)
    found = scan.facts.vulnerabilities or ()
    row = {
        **result_row(scan.evaluation, found),
        "image_id": scan.facts.image_id,
        "packages": len(scan.facts.packages or ()),
        "seconds": round(time.monotonic() - began, 1),
    }
    return row, findings_of(scan.evaluation, found, target, scanner.name)


def source_name(image: str) -> str:
    """The name of an image without the word that says where it is."""
    try:
        return source_of(image)[1]
    except ScannerError:
        return image


def result_row(evaluation: Evaluation, vulnerabilities: Sequence[KnownVulnerability]) -> dict[str, Any]:
    """An image in the result."""
    counts: dict[str, int] = {}
    for known in vulnerabilities:
        counts[known.severity] = counts.get(known.severity, 0) + 1
    return {
        **as_result(evaluation),
        "passed": evaluation.passed,
        "vulnerabilities": counts,
        "error": "",
        "error_kind": "",
    }


def failure(reference: str, digest: str, exc: ScannerError, target: str) -> tuple[dict[str, Any], list[Finding]]:
    """An image that could not be judged: never a pass in silence."""
    row = {"reference": reference, "digest": digest, "action": "", "passed": False, "error": str(exc)}
    return {**row, "error_kind": exc.kind, "reasons": []}, [not_scanned(reference, digest, str(exc), target)]
