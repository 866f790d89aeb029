# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render a report in several formats: the writers are pure, so those of a large report work side by side."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS

# Below it, starting processes costs more than they save.
_LARGE = 5000
# The slowest first, so that none of them begins when the others are done.
_SLOWEST = ("oscal", "html", "json", "junit", "sarif", "markdown", "prometheus")
# What a forked writer renders; it inherits the report, which would take longer to send than to render.
_inherited: list[Report] = []


def render_all(report: Report, formats: Sequence[str]) -> dict[str, str]:
    """The text by format. Raises what a writer raises."""
    names = sorted(set(formats), key=_SLOWEST.index)
    workers = min(len(names), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    if workers < 2 or len(report["findings"]) < _LARGE:
        return {name: FORMATS[name].render(report) for name in names}
    _inherited.append(report)
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
            return dict(zip(names, pool.map(_render_inherited, names)))
    finally:
        _inherited.clear()


def _render_inherited(name: str) -> str:
    return FORMATS[name].render(_inherited[0])
