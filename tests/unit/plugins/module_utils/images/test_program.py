# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How programs of scanners are run: bounded, and with nothing of the surroundings."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import (
    GrypeScanner,
    Request,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.program import (
    find,
    run_json,
    workplace,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import scan_all
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.lab import grype_stand_in
from tests.unit.scanned_image import KNOWN, NAME, bundle


def test_a_scanner_that_hangs_is_ended(tmp_path: Path, sbom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, database = grype_stand_in.install(tmp_path, KNOWN)
    monkeypatch.setenv("HOME", "/slow-30")
    scanner = GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))
    result = scan_all(scanner, [Request(NAME, sbom=sbom)], target="t", parallel=1, timeout=0.3)
    assert result["images"][0]["error_kind"] == "timeout"


def test_no_secret_of_the_surroundings_reaches_a_scanner(
    tmp_path: Path, sbom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_TOKEN", "s3cret")
    seen = tmp_path / "seen"
    program = tmp_path / "spy"
    program.write_text(f"#!/bin/sh\nenv > {seen}\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(ScannerError):
        GrypeScanner(bundle_from(bundle()), grype=str(program)).scan(Request(NAME, sbom=sbom))
    assert "PATH=" in seen.read_text()
    assert "s3cret" not in seen.read_text()


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ("echo first >&2; printf 'no \\033[31mdatabase\\n' >&2; exit 3", "analysis_failed", "It: no [31mdatabase"),
        ("exit 1", "analysis_failed", "It: it failed and said nothing"),
        ("echo '{' > $1", "invalid_answer", "It: what was written is not JSON"),
        ("true", "invalid_answer", "cannot be read: No such file"),
    ],
)
def test_a_program_that_fails(tmp_path: Path, script: str, kind: str, said: str) -> None:
    program, output = tmp_path / "program", tmp_path / "output.json"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(ScannerError) as caught:
        run_json([find(str(program)), str(output)], output, {}, deadline=None, what="It")
    assert caught.value.kind == kind
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_no_time_left_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(ScannerError) as caught:
        run_json(["/bin/touch", str(tmp_path / "x")], tmp_path / "x", {}, deadline=time.monotonic() - 1, what="It")
    assert caught.value.kind == "timeout"
    assert not (tmp_path / "x").exists()


def test_a_place_to_work_is_private_and_goes_away() -> None:
    with workplace() as folder:
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
