# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What whitelists excuse today. Made once for an image: a thousand items are held against thousands of matches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Whitelist,
    WhitelistItem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.selection import (
    RAW_PREFIX,
    expression,
)

_Excuse = tuple[re.Pattern[str], str]


class Excuses:
    """The items that have not ended, by gate and, where they name one, by vulnerability (`CVE-2024-1+package`)."""

    def __init__(self, whitelists: Sequence[Whitelist], now: datetime) -> None:
        self._found: dict[tuple[str, str], list[_Excuse]] = {}
        for whitelist in whitelists:
            for item in whitelist.items:
                if not has_ended(item.expires_on, now):
                    excuse = (re.compile(expression(item.trigger_id)), whitelist.name or whitelist.id)
                    self._found.setdefault((item.gate.lower(), _key(item)), []).append(excuse)

    def of(self, gate: str, trigger_id: str) -> str:
        """The name of the whitelist that excuses it, "" where none does."""
        for key in (trigger_id.partition("+")[0], ""):
            for pattern, name in self._found.get((gate.lower(), key), ()):
                if pattern.match(trigger_id):
                    return name
        return ""


def has_ended(expires_on: str, now: datetime) -> bool:
    """Whether an excuse is over; "" is never."""
    if not expires_on:
        return False
    try:
        moment = datetime.fromisoformat(expires_on.replace("Z", "+00:00"))
    except ValueError:
        return True  # an end that cannot be read has been reached, or an excuse would never end
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)) <= now


def _key(item: WhitelistItem) -> str:
    """What stands before the + of everything that the item can excuse, "" where that is not one text."""
    literal = item.trigger_id.partition("*")[0]
    is_raw = item.trigger_id.strip().startswith(RAW_PREFIX)
    return literal.partition("+")[0] if "+" in literal and not is_raw else ""
