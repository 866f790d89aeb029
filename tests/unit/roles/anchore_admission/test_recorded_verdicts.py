# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts that were recorded are found by content and policy, and followed as the file changes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from bulkhead_admission.recorded_verdicts import RecordedVerdicts
from tests.unit.roles.anchore_admission.reviews import DIGEST, OTHER


def write(file: Path, *rows: dict[str, object]) -> None:
    file.write_text(json.dumps({"verdicts": rows}))
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1))


def test_a_verdict_of_the_policy_comes_before_one_for_all(tmp_path: Path) -> None:
    file = tmp_path / "verdicts.json"
    reasons = [{"gate": "g", "trigger": "t", "message": "m", "action": "stop"}]
    write(
        file,
        {"digest": DIGEST, "action": "go"},
        {"digest": DIGEST, "policy_id": "s", "action": "stop", "reasons": reasons},
    )
    scanner = RecordedVerdicts(file)
    assert scanner.evaluate("web:1", DIGEST).passed
    strict = scanner.evaluate("web:1", DIGEST, "s")
    assert (strict.passed, strict.reasons[0].message) == (False, "m")
    with pytest.raises(ScannerError) as error:
        scanner.evaluate("web:1", OTHER)
    assert error.value.kind == "unknown_image"
    write(file, {"digest": OTHER, "action": "go"})
    assert scanner.evaluate("web:1", OTHER).passed


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"verdicts": [{}]}', '{"verdicts": [{"digest": "x", "action": "yes"}]}']
)
def test_a_broken_file_is_no_verdict(tmp_path: Path, content: str) -> None:
    file = tmp_path / "verdicts.json"
    file.write_text(content)
    with pytest.raises(ScannerError) as error:
        RecordedVerdicts(file).evaluate("web:1", DIGEST)
    assert error.value.kind == "invalid_answer"


def test_a_missing_file_is_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(ScannerError) as error:
        RecordedVerdicts(tmp_path / "none").evaluate("web:1", DIGEST)
    assert error.value.kind == "unreachable"
