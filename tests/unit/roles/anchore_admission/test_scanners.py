# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scanner that is configured is made, and made anew when its files change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from bulkhead_admission import scanners
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.recorded_verdicts import RecordedVerdicts
from bulkhead_admission.scanners import make_scanner
from tests.unit.roles.anchore_admission.reviews import DIGEST, ScriptedScanner, config, evaluation


def anchore(folder: Path, **more: Any) -> Any:
    whole = {"kind": "anchore", "url": "https://a/v1", "username": "u", "password_file": str(folder / "p"), **more}
    return config(scanner=whole).scanner


def test_files_that_are_missing_or_wrong_are_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"scanner\.password_file: .* cannot be read"):
        make_scanner(anchore(tmp_path))
    (tmp_path / "p").write_text("secret")
    with pytest.raises(ConfigError, match="url"):
        make_scanner(anchore(tmp_path, url="a"))
    (tmp_path / "bundle").write_text("[]")
    with pytest.raises(ConfigError, match=r"scanner\.bundle_file"):
        make_scanner(config(scanner={"kind": "grype", "bundle_file": str(tmp_path / "bundle")}).scanner)


def test_a_new_password_is_used_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "p"
    file.write_text("old")
    seen: list[str] = []

    def made(_config: Any) -> ScriptedScanner:
        seen.append(file.read_text())
        return ScriptedScanner(evaluation("go"))

    monkeypatch.setattr(scanners, "_made", made)
    scanner = make_scanner(anchore(tmp_path))
    scanner.evaluate("web:1", DIGEST)
    file.write_text("new")
    scanner.evaluate("web:1", DIGEST)
    scanner.evaluate("web:1", DIGEST)
    assert seen == ["old", "new"]
    file.unlink()
    with pytest.raises(ScannerError):
        scanner.evaluate("web:1", DIGEST)


def test_verdicts_of_a_file_need_no_other(tmp_path: Path) -> None:
    found = make_scanner(config(scanner={"kind": "verdicts", "verdicts_file": str(tmp_path / "v")}).scanner)
    assert isinstance(found, RecordedVerdicts)
