# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON report: everything that is known, one finding a line, so that two reports can be compared by eye as well."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.json_text import encode


def render(report: Report) -> str:
    """The report as JSON text; docs/schemas/report.schema.json describes it."""
    return "{\n" + ",\n".join(f"{encode(key)}: {_value(value)}" for key, value in report.items()) + "\n}\n"


def _value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(encode, value)) + "\n]"
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{encode(key)}: {encode(item)}" for key, item in value.items()) + "\n}"
    return encode(value)
