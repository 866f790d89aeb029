# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about one subject that come from several places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facts = dict[str, Any]


def merged(*parts: Mapping[str, Any]) -> Facts:
    """Facts about one subject from several sources, their `unknown` joined."""
    unknown = {name: reason for part in parts for name, reason in (part.get("unknown") or {}).items()}
    facts = {name: value for part in parts for name, value in part.items() if name != "unknown"}
    return {**facts, "unknown": unknown}
