# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several writers at once write what each writes alone."""

from __future__ import annotations

import os

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report import rendering
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS, Format
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.rendering import render_all
from tests.unit.plugins.plugin_utils.report.fleet import fleet, report


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors, and no report too small for both."""
    monkeypatch.setattr(rendering, "_LARGE", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1}, raising=False)


@pytest.mark.usefixtures("side_by_side")
def test_writes_the_same_side_by_side() -> None:
    one = report(*fleet(3, 20))
    assert render_all(one, list(FORMATS)) == {name: FORMATS[name].render(one) for name in FORMATS}


@pytest.mark.usefixtures("side_by_side")
def test_half_a_character_survives() -> None:
    one = report(*fleet(1, 3), title="\ud800")
    assert "\ud800" in render_all(one, ["markdown", "junit", "html"])["html"]


@pytest.mark.usefixtures("side_by_side")
def test_a_fault_in_one_writer_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_report: Report) -> str:
        raise ValueError("a fault")

    monkeypatch.setitem(FORMATS, "junit", Format(broken, ".xml"))
    with pytest.raises(ValueError, match="a fault"):
        render_all(report(*fleet(1, 3)), ["json", "junit"])


def test_a_small_report_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "ProcessPoolExecutor", None)
    assert set(render_all(report(*fleet(1, 3)), ["json", "html", "json"])) == {"json", "html"}


def test_every_format_has_its_turn() -> None:
    assert set(rendering._SLOWEST) == set(FORMATS)
