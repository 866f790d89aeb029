# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_scan by the engine: its verdicts on images that it has analysed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.evaluations import canonical
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scanner import (
    AnchoreScanner,
    scanner_error,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.findings import (
    POLICY_CONTROL,
    findings_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import (
    answer,
    failure,
    result_row,
    source_name,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError


def scan_by_engine(
    client: AnchoreClient,
    images: Sequence[Mapping[str, Any]],
    policy_id: str,
    *,
    target: str,
    parallel: int,
    timeout: float,
) -> dict[str, Any]:
    """As images.scan.scan_all, but the engine has scanned. An image that it does not know is an error."""
    scanner = AnchoreScanner(client)

    def judged(image: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        reference, digest = image.get("name") or source_name(image["image"]), image.get("digest") or ""
        deadline = time.monotonic() + timeout
        try:
            digest = digest or newest_digest(client, reference, deadline)
            evaluation = scanner.evaluate(reference, digest, policy_id, deadline=deadline)
        except ScannerError as exc:
            return failure(reference, digest, exc, target)
        return {**result_row(evaluation, ()), "image_id": ""}, findings_of(evaluation, (), target, scanner.name)

    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        done = list(pool.map(judged, images))
    controls = {POLICY_CONTROL, *(finding["control"] for _row, each in done for finding in each)}
    return answer([row for row, _found in done], [found for _row, each in done for found in each], controls, target)


def newest_digest(client: AnchoreClient, reference: str, deadline: float | None = None) -> str:
    """The digest that the engine found last under a tag. Raises ScannerError where it knows none."""
    try:
        rows = client.get("/images", {"fulltag": canonical(reference)}, deadline=deadline)
    except AnchoreError as exc:
        raise scanner_error(exc) from exc
    known = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    newest = max(known, key=lambda row: str(row.get("created_at") or ""), default={})
    digest = str(newest.get("imageDigest") or "")
    if not digest:
        raise ScannerError("unknown_image", f"{reference}: Anchore does not know this tag")
    return digest
