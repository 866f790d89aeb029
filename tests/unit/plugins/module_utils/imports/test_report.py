# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of itself, and names of controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import (
    Report,
    control_id,
    moment_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import Source


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00.123456789+02:00", "2026-01-31T10:00:00Z"),
        ("2026-01-31T12:00:00.5-0100", "2026-01-31T13:00:00Z"),
        ("2026-01-31T12:00:00", "2026-01-31T12:00:00Z"),
        (1769860800, "2026-01-31T12:00:00Z"),
        ("0001-01-01T00:00:00Z", ""),
        ("9999-12-31T23:59:59-23:00", ""),
        ("yesterday", ""),
        ("2" * 1000, ""),
        (1e300, ""),
        (float("inf"), ""),
        (True, ""),
        (None, ""),
    ],
)
def test_times(told: Any, text: str) -> None:
    assert moment_text(told) == text


@pytest.mark.parametrize(
    ("parts", "control"),
    [(("DL3006",), "x.DL3006"), (("a b/c", 7), "x.a_b_c.7"), ((None,), "x.unnamed"), (("../",), "x...")],
)
def test_controls_are_named_in_few_characters(parts: Any, control: str) -> None:
    assert control_id("x", *parts) == control


def test_the_user_knows_the_target_best(tmp_path: Path) -> None:
    for given, own, target in (("inventory", "own", "inventory"), ("", "own\x1b", "own")):
        report = Report(Source(str(tmp_path), 1), given)
        report.about(own)
        assert report.target == target
    with pytest.raises(ImportFault, match="give target"):
        Report(Source(str(tmp_path), 1)).about(["no name"])


def test_a_finding_makes_its_control_looked_at(tmp_path: Path) -> None:
    report = Report(Source(str(tmp_path), 1), "web1")
    finding = report.finding(
        "x.one",
        {"kind": "host", "name": "web1", "namespace": ""},
        title="",
        status="fail",
        severity="low",
        actual="a" * 5000,
    )
    assert report.controls == {"x.one"}
    assert finding["subject"] == {"kind": "host", "name": "web1"}
    assert finding["title"] == "x.one"
    assert len(finding["actual"]) < 3000
