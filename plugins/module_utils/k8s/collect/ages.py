# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days between a moment that an object names and the moment of the audit."""

from __future__ import annotations

from datetime import datetime, timezone


def days_since(timestamp: object, now: datetime) -> int | None:
    """Whole days since an RFC 3339 time in UTC, as the API writes it, or a day; None for what is none."""
    try:
        moment = datetime.fromisoformat(str(timestamp)[:19].rstrip("Z"))
    except ValueError:
        return None
    return (now - moment.replace(tzinfo=timezone.utc)).days
