# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine knows of images: verdicts with their reasons, vulnerabilities, contents. Many images side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.evaluations import canonical
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scanner import (
    AnchoreScanner,
    scanner_error,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import (
    CvssScores,
    KnownVulnerability,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.findings import (
    POLICY_CONTROL,
    VULNERABILITY_CONTROL,
    findings_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import (
    answer,
    failure,
    result_row,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

# What the engine writes where it knows nothing.
_NOTHING = ("", "None")


@dataclass(frozen=True)
class Question:
    """What is asked of each image. vulnerabilities: "" for none, or all, os, non-os; content: types of it.

    severity: the least that counts; only_fixable: leave out what has no fix.
    """

    policy_id: str = ""
    evaluate: bool = True
    vulnerabilities: str = "all"
    severity: str = "unknown"
    only_fixable: bool = False
    content: Sequence[str] = ()


def ask_all(
    client: AnchoreClient,
    images: Sequence[Mapping[str, Any]],
    question: Question,
    *,
    target: str,
    parallel: int,
    timeout: float,
) -> dict[str, Any]:
    """What anchore_image_info returns: a row and findings for each image; one that fails loses no other."""

    def ask(image: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        digest = str(image.get("digest") or "")
        try:
            return _ask(client, str(image["tag"]), digest, question, target, time.monotonic() + timeout)
        except ScannerError as exc:
            return failure(str(image["tag"]), digest, exc, target)

    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        done = list(pool.map(ask, images))
    findings = [finding for _row, each in done for finding in each]
    controls = {finding["control"] for finding in findings}
    # A rule that is not triggered is not told.
    controls |= {POLICY_CONTROL, "anchore.*"} if question.evaluate else set()
    # A part of the vulnerabilities does not tell that the others are gone.
    whole = question.vulnerabilities == "all" and question.severity == "unknown" and not question.only_fixable
    controls |= {VULNERABILITY_CONTROL} if whole else set()
    return answer([row for row, _found in done], findings, controls, target)


def _ask(
    client: AnchoreClient, tag: str, digest: str, question: Question, target: str, deadline: float
) -> tuple[dict[str, Any], list[Finding]]:
    digest = digest or newest_digest(client, tag, deadline)
    found = _vulnerabilities(client, tag, digest, question, deadline) if question.vulnerabilities else ()
    evaluation = Evaluation(tag, digest, "", "")
    if question.evaluate:
        evaluation = AnchoreScanner(client).evaluate(tag, digest, question.policy_id, deadline=deadline)
    row = result_row(evaluation, found)
    row["passed"] = evaluation.passed if question.evaluate else None
    row["vulnerability_list"] = [_shown(known) for known in found]
    row["content"] = {kind: _content(client, tag, digest, kind, deadline) for kind in question.content}
    findings = findings_of(evaluation, found, target, "anchore")
    return row, findings if question.evaluate else findings[1:]


def newest_digest(client: AnchoreClient, reference: str, deadline: float | None = None) -> str:
    """The digest that the engine found last under a tag. Raises ScannerError where it knows none."""
    for tag in _spellings(reference):
        try:
            rows = client.get("/images", {"fulltag": tag}, deadline=deadline)
        except AnchoreError as exc:
            raise scanner_error(exc) from exc
        newest = max(_mappings(rows), key=lambda row: str(row.get("created_at") or ""), default={})
        if newest.get("imageDigest"):
            return str(newest["imageDigest"])
    raise ScannerError("unknown_image", f"{reference}: Anchore does not know this tag")


def _spellings(reference: str) -> list[str]:
    """A tag in full, and as the engine keeps what was added by the short name of an official image."""
    tag = canonical(reference)
    short = tag.replace("docker.io/library/", "docker.io/", 1)
    return [tag] if short == tag else [tag, short]


def _vulnerabilities(
    client: AnchoreClient, tag: str, digest: str, question: Question, deadline: float
) -> tuple[KnownVulnerability, ...]:
    path = f"/images/{digest}/vuln/{question.vulnerabilities}"
    rows = _rows(_get(client, path, tag, deadline), "vulnerabilities", digest, tag)
    least = SEVERITIES.index(question.severity)
    known = (_known(row) for row in rows)
    return tuple(
        each
        for each in known
        if SEVERITIES.index(each.severity) >= least and (each.fixed_in or not question.only_fixable)
    )


def _content(client: AnchoreClient, tag: str, digest: str, kind: str, deadline: float) -> list[dict[str, Any]]:
    return _rows(_get(client, f"/images/{digest}/content/{kind}", tag, deadline), "content", digest, tag)


def _get(client: AnchoreClient, path: str, tag: str, deadline: float) -> Any:
    try:
        return client.get(path, deadline=deadline)
    except AnchoreError as exc:
        if exc.kind == "not_found":
            raise ScannerError(
                "not_analysed", f"{tag}: Anchore does not know the image, or has not analysed it"
            ) from exc
        raise scanner_error(exc) from exc


def _rows(value: Any, part: str, digest: str, tag: str) -> list[dict[str, Any]]:
    rows = value.get(part) if isinstance(value, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ScannerError("invalid_answer", f"{tag}: Anchore's answer holds no list of {part}")
    if value.get("imageDigest", digest) != digest:
        told = str(value["imageDigest"])[:80]
        raise ScannerError("wrong_digest", f"{tag}: {digest} was asked for, and Anchore told of {told}")
    return [dict(row) for row in rows]


def _known(row: Mapping[str, Any]) -> KnownVulnerability:
    severity, fix = _text(row.get("severity")).lower(), _text(row.get("fix"))
    package = _text(row.get("package_name")) or _text(row.get("package"))
    return KnownVulnerability(
        id=_text(row.get("vuln")),
        severity=severity if severity in SEVERITIES else "unknown",
        package=package,
        version=_text(row.get("package_version")),
        type=_text(row.get("package_type")),
        fixed_in=() if fix in _NOTHING else (fix,),
        url=_text(row.get("url")),
        nvd=_scores(row.get("nvd_data")),
        vendor=_scores(row.get("vendor_data")),
        aliases=tuple(_text(each.get("id")) for each in _mappings(row.get("nvd_data")) if each.get("id")),
        path="" if _text(row.get("package_path")) in _NOTHING else _text(row.get("package_path")),
        will_not_fix=row.get("will_not_fix") is True,
    )


def _scores(rows: Any) -> CvssScores:
    told = [each["cvss_v3"] for each in _mappings(rows) if isinstance(each.get("cvss_v3"), Mapping)]
    return CvssScores(
        _highest(told, "base_score"), _highest(told, "exploitability_score"), _highest(told, "impact_score")
    )


def _highest(told: Sequence[Mapping[str, Any]], name: str) -> float | None:
    scores = [each.get(name) for each in told]
    # What is not rated has the score -1.
    return max((float(score) for score in scores if isinstance(score, (int, float)) and score > 0), default=None)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _shown(known: KnownVulnerability) -> dict[str, Any]:
    return {
        "id": known.id,
        "severity": known.severity,
        "package": known.package,
        "version": known.version,
        "type": known.type,
        "fixed_in": list(known.fixed_in),
        "url": known.url,
        "path": known.path,
    }
