# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every audit module has; the doc fragment `audit` describes them."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES

_TEXTS = ("actual", "when", "evidence", "manual", "not_applicable", "remediation", "rationale")


def audit_argument_spec() -> dict[str, dict[str, object]]:
    """What is judged, by which controls, and what is returned of it."""
    strings: dict[str, object] = {"type": "list", "elements": "str", "default": []}
    return {
        "sections": strings,
        "select": strings,
        "skip": strings,
        "controls": {"type": "list", "elements": "dict", "default": [], "options": _control()},
        "overrides": {"type": "dict", "default": {}},
        "include_passes": {"type": "bool", "default": False},
        "include_snapshot": {"type": "bool", "default": False},
        "snapshot_path": {"type": "path"},
    }


def _control() -> dict[str, dict[str, object]]:
    """A row of a user's own. Its scope is checked with the rest of it, for each module has other ones."""
    return {
        "id": {"type": "str", "required": True},
        "title": {"type": "str", "required": True},
        "scope": {"type": "str", "required": True},
        "severity": {"type": "str", "required": True, "choices": list(SEVERITIES)},
        "expected": {"type": "dict"},
        "references": {"type": "list", "elements": "dict"},
        **{name: {"type": "str"} for name in _TEXTS},
    }
