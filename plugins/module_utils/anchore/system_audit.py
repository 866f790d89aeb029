# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of an engine as a snapshot, and the findings about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    Params,
    answer,
    at_most,
    choose,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.anchore import (
    ANCHORE_CONTROLS,
    ANCHORE_SCOPES,
)

SCHEMA_VERSION = "1.0"
Facts = dict[str, Any]

# No benchmark speaks of Anchore Engine: sections choose nothing.
_ENGINE = Audited("anchore", "anchore_system_info", SCHEMA_VERSION, ANCHORE_SCOPES, "")


def audit(facts: Facts, params: Params, now: datetime, requests: int) -> Facts:
    """Findings, summary and what belongs to them. Raises ControlError for options that cannot be meant."""
    controls = choose(params, _ENGINE, ANCHORE_CONTROLS, at_most({"anchore.feed.fresh": params["max_feed_age_hours"]}))
    return answer(params, snapshot(facts, now), controls, params.get("target") or "anchore", requests)


def snapshot(facts: Facts, now: datetime) -> Facts:
    """The subjects: the engine, each service of each host, each group of each feed."""
    groups = [group for feed in facts["feeds"] for group in _groups(feed)]
    engine = {
        "subject": {"kind": "engine", "name": "anchore"},
        "groups": len(groups),
        "versions": sorted({service["version"] for service in facts["services"] if service["version"]}),
        "version": facts["version"],
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "anchore",
        "collected_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "versions": {"anchore": facts["version"], "database": facts["db_version"]},
        "subjects": {
            "engine": [engine],
            "service": list(_services(facts["services"])),
            "feed_group": groups,
        },
    }


def _services(services: list[Facts]) -> Iterator[Facts]:
    """One subject for each service, whatever the number of its instances: their ids change with every restart."""
    for name in sorted({service["name"] for service in services}):
        instances = [service for service in services if service["name"] == name]
        down = [each for each in instances if not (each["up"] and each["available"])]
        yield {
            "subject": {"kind": "service", "name": name},
            "running": len(instances) - len(down),
            "down": [{key: each[key] for key in ("host_id", "base_url", "message")} for each in down],
        }


def _groups(feed: Mapping[str, Any]) -> Iterator[Facts]:
    if feed["enabled"]:
        for group in feed["groups"]:
            if group["enabled"]:
                name, age = f"{feed['name']}/{group['name']}", group["age_hours"]
                # A time to come would make it fresh for ever.
                unknown = {"age_hours": f"The last sync is to come: {group['last_sync']}"} if age and age < -1 else {}
                subject = {"kind": "feed_group", "name": name}
                yield {"subject": subject, "unknown": unknown, **group, "synced": age is not None}
