# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchore Engine as a scanner like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.evaluations import (
    canonical,
    evaluation_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import Evaluation
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

_KINDS = {
    "unreachable": "unreachable",
    "timeout": "timeout",
    "unauthorised": "unauthorised",
    "forbidden": "forbidden",
    "not_found": "unknown_image",
    "invalid_answer": "invalid_answer",
    "server_error": "server_error",
}


class AnchoreScanner:
    """Asks the engine for its verdict. Safe to be called by several threads, as the client is."""

    name = "anchore"

    def __init__(self, client: AnchoreClient) -> None:
        self._client = client

    def evaluate(
        self, reference: str, digest: str, policy_id: str = "", *, deadline: float | None = None
    ) -> Evaluation:
        """As Scanner says; policy_id "" is the active bundle. An image that the engine does not know is not added."""
        try:
            return self._evaluation(canonical(reference), reference, digest, policy_id, deadline)
        except AnchoreError as exc:
            if exc.kind != "not_found":
                raise scanner_error(exc) from exc
        try:
            tag = self._known_tag(reference, digest, deadline)
        except AnchoreError as exc:
            raise scanner_error(exc) from exc
        try:
            return self._evaluation(tag, reference, digest, policy_id, deadline)
        except AnchoreError as exc:
            if exc.kind == "not_found" and policy_id:
                raise ScannerError("policy", f"{reference}: Anchore has no policy {policy_id}") from exc
            raise scanner_error(exc) from exc

    def request_analysis(self, reference: str, digest: str) -> None:
        """Have the engine analyse a content that it does not know. Raises ScannerError."""
        read = image_reference.parse(reference)
        # The engine wants a tag for everything; what was named by its digest alone gets one that says so.
        tag = read.tag or digest.replace(":", "-")[:19]
        source = {"pullstring": f"{read.name}@{digest}", "tag": f"{read.name}:{tag}"}
        try:
            self._client.post("/images", {"image_type": "docker", "source": {"digest": source}})
        except AnchoreError as exc:
            raise scanner_error(exc) from exc

    def _evaluation(self, tag: str, reference: str, digest: str, policy_id: str, deadline: float | None) -> Evaluation:
        query = {"tag": tag, "detail": True, "policyId": policy_id or None}
        path = f"/images/{quote(digest, safe=':')}/check"
        evaluation = evaluation_from(self._client.get(path, query, deadline=deadline), tag, digest)
        evaluation = replace(evaluation, reference=reference)
        if policy_id and evaluation.policy_id != policy_id:
            told = evaluation.policy_id[:80] or "none"
            raise ScannerError(
                "invalid_answer", f"{reference}: policy {policy_id} was asked for, and Anchore judged by {told}"
            )
        return evaluation

    def _known_tag(self, reference: str, digest: str, deadline: float | None) -> str:
        """The tag by which the engine knows the content. Raises ScannerError where it has not analysed it."""
        rows = self._client.get(f"/images/{quote(digest, safe=':')}", deadline=deadline)
        image = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else {}
        status = str(image.get("analysis_status") or "")
        if status == "analysis_failed":
            raise ScannerError("analysis_failed", f"{reference}: Anchore could not analyse {digest}")
        if status != "analyzed":
            raise ScannerError(
                "not_analysed", f"{reference}: Anchore has not analysed {digest} yet ({status or 'new'})"
            )
        tags = [str(_object(row).get("fulltag") or "") for row in image.get("image_detail") or ()]
        known = [tag for tag in tags if tag and _is_meant(tag, reference)]
        if not known:
            raise ScannerError("unknown_image", f"{reference}: Anchore knows {digest} only as {', '.join(tags)[:200]}")
        return known[0]


def _is_meant(tag: str, reference: str) -> bool:
    """Whether the engine's tag is of the image that is meant; without a tag, every one of the repository is."""
    read = image_reference.parse(reference)
    return image_reference.parse(tag).name == read.name if not read.tag else canonical(tag) == canonical(reference)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def scanner_error(exc: AnchoreError) -> ScannerError:
    """What an error of the engine means to whoever asks any scanner."""
    return ScannerError(_KINDS.get(exc.kind, "policy" if exc.kind == "refused" else "server_error"), str(exc))
