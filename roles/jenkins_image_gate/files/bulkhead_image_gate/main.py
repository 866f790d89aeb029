# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scan import scan_by_engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import GrypeScanner
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import (
    ScanOptionsError,
    bundle_of,
    request_of,
    scan_all,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.syft import Access
from bulkhead_image_gate import reports
from bulkhead_image_gate.analysis import NotAnalysedError, analyse
from bulkhead_image_gate.words import FORMATS, parser

PASSED, REFUSED, UNDECIDED = 0, 1, 2
_PARALLEL = 4
_SHOWN = 10


class WordsError(Exception):
    """Words of the command line that do not go together; the message is one sentence for the user."""


def main(words: Sequence[str] | None = None) -> int:
    """Scan, tell, write; the exit code."""
    given = parser().parse_args(words)
    try:
        formats = _formats(given.formats)
        if len(given.images) > 1 and (given.name or given.dockerfile):
            raise WordsError("--name and --dockerfile are of one image; call the gate once for each")
        result = _by_engine(given) if given.engine == "anchore" else _by_grype(given)
        written = reports.write(result, given.output_dir, formats) if given.output_dir else []
    except (WordsError, ScanOptionsError, AnchoreError, NotAnalysedError) as exc:
        print(f"bulkhead-image-gate: {exc}", file=sys.stderr)
        return UNDECIDED
    except OSError as exc:
        print(f"bulkhead-image-gate: {exc.filename}: {exc.strerror}", file=sys.stderr)
        return UNDECIDED
    for image in result["images"]:
        _tell(image, given.fail_on)
    for path in written:
        print(f"wrote {path}")
    return max((_verdict(image, given.fail_on) for image in result["images"]), default=PASSED)


def _formats(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(FORMATS))
    if unknown:
        raise WordsError(f"--formats: there is no {unknown[0]}; there are {', '.join(FORMATS)}")
    return names


def _by_grype(given: argparse.Namespace) -> dict[str, Any]:
    if given.policy is None:
        raise WordsError("--policy is needed, by which the images are judged")
    scanner = GrypeScanner(
        bundle_of(None, str(given.policy)),
        syft=given.syft,
        grype=given.grype,
        database=given.database,
        update=given.update_database,
        unjudged=given.unjudged,
        oldest_days=given.max_database_age,
        access=Access(given.registry_ca, given.docker_config),
    )
    requests = [
        request_of({"image": image, "dockerfile": given.dockerfile, "name": given.name}) for image in given.images
    ]
    return scan_all(scanner, requests, target=given.target, parallel=_PARALLEL, timeout=given.timeout)


def _by_engine(given: argparse.Namespace) -> dict[str, Any]:
    user = given.anchore_username or os.environ.get("ANCHORE_USERNAME", "")
    if not given.anchore_url or not user:
        raise WordsError("--engine anchore needs --anchore-url, and --anchore-username or ANCHORE_USERNAME")
    if given.policy is not None:
        raise WordsError("--policy: the engine judges by its own bundles; name one with --policy-id")
    with AnchoreClient(given.anchore_url, user, _password(given), ca_file=given.anchore_ca) as client:
        digests = ["" for _image in given.images]
        if not given.no_add:
            digests = [analyse(client, image, given.dockerfile, given.timeout) for image in given.images]
        images = [{"image": image, "digest": digest} for image, digest in zip(given.images, digests)]
        terms = {"target": given.target, "parallel": _PARALLEL, "timeout": given.timeout}
        return scan_by_engine(client, images, given.policy_id, **terms)


def _password(given: argparse.Namespace) -> str:
    path: Path | None = given.anchore_password_file
    password = path.read_text(encoding="utf-8").strip() if path else os.environ.get("ANCHORE_PASSWORD", "")
    if not password:
        raise WordsError("--engine anchore needs a password, in ANCHORE_PASSWORD or --anchore-password-file")
    return password


def _verdict(image: Mapping[str, Any], fail_on: str) -> int:
    if not image["action"]:
        return UNDECIDED
    return REFUSED if image["action"] == "stop" or image["action"] == fail_on else PASSED


def _tell(image: Mapping[str, Any], fail_on: str) -> None:
    words = {PASSED: "passes", REFUSED: "REFUSED", UNDECIDED: "NOT JUDGED"}
    told = image["error"] or f"{image['action']} by {image['policy_id']}"
    print(f"{image['reference']}: {words[_verdict(image, fail_on)]} ({told})")
    shown = [reason for reason in image["reasons"] if reason["action"] != "go" and not reason["allowlisted"]]
    for reason in shown[:_SHOWN]:
        print(f"    {reason['action']:<5}{reason['gate']} {reason['trigger']}: {reason['message']}")
    if len(shown) > _SHOWN:
        print(f"    and {len(shown) - _SHOWN} more")
