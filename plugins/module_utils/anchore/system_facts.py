# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine says of itself: its version, its services, and the feeds of vulnerabilities with their age."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.records import records

Facts = dict[str, Any]
# Python before 3.11 reads no more than six digits of a second.
_FINE_FRACTION = re.compile(r"(\.\d{6})\d+")


def system_facts(client: AnchoreClient, now: datetime) -> Facts:
    """{version, api_version, db_version, services, feeds}; ages are hours before `now`. Raises AnchoreError."""
    version = _object(client.get("/version"), "/version")
    state = _object(client.get("/system"), "/system")
    services = records(state.get("service_states"), "/system", "servicename")
    feeds = records(client.get("/system/feeds"), "/system/feeds", "name")
    return {
        "version": _part(version, "service", "version"),
        "api_version": _part(version, "api", "version"),
        "db_version": _part(version, "db", "schema_version"),
        "services": [_service(row) for row in services],
        "feeds": [_feed(row, now) for row in feeds],
    }


def _service(row: Mapping[str, Any]) -> Facts:
    detail = row.get("service_detail")
    detail = detail if isinstance(detail, Mapping) else {}
    return {
        "name": row["servicename"],
        "host_id": _text(row.get("hostid")),
        "base_url": _text(row.get("base_url")),
        # The service's own word, beside what the catalog noted of it.
        "up": row.get("status") is True and detail.get("up") is not False,
        "available": detail.get("available") is not False,
        "busy": detail.get("busy") is True,
        "message": _text(detail.get("message")) or _text(row.get("status_message")),
        "version": _text(detail.get("version")) or _text(row.get("version")),
        "db_version": _text(detail.get("db_version")),
    }


def _feed(row: Mapping[str, Any], now: datetime) -> Facts:
    groups = records(row.get("groups") or [], "/system/feeds", "name")
    return {
        "name": row["name"],
        "enabled": row.get("enabled") is not False,
        "last_full_sync": _text(row.get("last_full_sync")),
        "age_hours": age_hours(row.get("last_full_sync"), now),
        "groups": [_group(group, now) for group in groups],
    }


def _group(row: Mapping[str, Any], now: datetime) -> Facts:
    count = row.get("record_count")
    return {
        "name": row["name"],
        "enabled": row.get("enabled") is not False,
        "last_sync": _text(row.get("last_sync")),
        "age_hours": age_hours(row.get("last_sync"), now),
        "record_count": count if isinstance(count, int) and not isinstance(count, bool) else 0,
    }


def age_hours(stamp: object, now: datetime) -> float | None:
    """Hours from an RFC 3339 time to `now`, None where there is no time in it."""
    try:
        made = datetime.fromisoformat(_FINE_FRACTION.sub(r"\1", str(stamp or "").replace("Z", "+00:00")))
    except ValueError:
        return None
    made = made if made.tzinfo else made.replace(tzinfo=timezone.utc)
    return round((now - made).total_seconds() / 3600, 2)


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AnchoreError("invalid_answer", f"{path}: the engine's answer is no object")
    return value


def _part(value: Mapping[str, Any], part: str, key: str) -> str:
    within = value.get(part)
    return _text(within.get(key)) if isinstance(within, Mapping) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
