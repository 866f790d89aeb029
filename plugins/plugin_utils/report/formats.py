# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that a report can be written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report import (
    html_page,
    json_report,
    junit,
    markdown,
    oscal,
    prometheus,
    sarif,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report


@dataclass(frozen=True)
class Format:
    """How a format is written, how its files end, and their mode where the user names none."""

    render: Callable[[Report], str]
    suffix: str
    mode: int = 0o640


FORMATS = {
    "json": Format(json_report.render, ".json"),
    "sarif": Format(sarif.render, ".sarif"),
    "junit": Format(junit.render, ".junit.xml"),
    "html": Format(html_page.render, ".html"),
    "markdown": Format(markdown.render, ".md"),
    # Counts only, and the exporter that reads them is another user.
    "prometheus": Format(prometheus.render, ".prom", 0o644),
    "oscal": Format(oscal.render, ".oscal.json"),
}
