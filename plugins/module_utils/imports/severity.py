# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scale of severities for all tools."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.foreign import number

# What the tools call them, in lower case.
_NAMES = {
    "critical": "critical",
    "defcon1": "critical",
    "high": "high",
    "important": "high",
    "error": "high",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "warn": "medium",
    "low": "low",
    "note": "low",
    "style": "info",
    "negligible": "info",
    "info": "info",
    "information": "info",
    "informational": "info",
    "none": "info",
}
# What nobody has rated yet is not harmless by that.
UNRATED = "medium"


def of_score(score: float) -> str:
    """The severity of a CVSS score of 0 to 10, by the bands of CVSS 3.1; 0 is info."""
    for least, severity in ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low")):
        if score >= least:
            return severity
    return "info"


def severity(told: Any, score: Any = None, otherwise: str = UNRATED) -> str:
    """The severity that a tool told; of its CVSS score where it told none that is known, or `otherwise`."""
    known = _NAMES.get(told.strip().lower()) if isinstance(told, str) else None
    if known:
        return known
    rated = number(score)
    return of_score(rated) if rated else otherwise
