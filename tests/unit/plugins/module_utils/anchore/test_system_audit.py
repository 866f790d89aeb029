# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about an engine."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.system_audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from tests.unit.plugins.module_utils.anchore.test_system_facts import ANSWERS, NOW, facts


def _audited(limit: int = 48, changed: dict[str, Any] | None = None) -> dict[str, Any]:
    return audit(facts(**(changed or {})), {"max_feed_age_hours": limit, "target": "engine"}, NOW, requests=3)


def _failed(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (finding["control"], finding["subject"]["name"])
        for finding in answer["findings"]
        if finding["status"] == "fail"
    ]


def test_a_service_that_is_down_and_a_feed_that_was_never_synced_are_found() -> None:
    answer = _audited()
    assert _failed(answer) == [
        ("anchore.service.up", "analyzer"),
        ("anchore.feed.synced", "vulnerabilities/alpine:3.20"),
    ]
    assert answer["findings"][0]["evidence"] == {"down": [{"host_id": "h2", "base_url": "", "message": "down"}]}
    assert (answer["target"], answer["requests"]) == ("engine", 3)
    assert answer["versions"] == {"anchore": "1.1.0", "database": "0.0.16"}
    assert "anchore.feed.fresh" in answer["controls"]


def test_a_feed_that_is_too_old_is_found_with_its_age() -> None:
    [finding] = [each for each in _audited(11)["findings"] if each["control"] == "anchore.feed.fresh"]
    assert (finding["status"], finding["actual"], finding["expected"]) == ("fail", 12.0, {"at_most": 11})


def test_one_instance_of_two_that_is_down_is_less_grave_and_one_finding() -> None:
    system = copy.deepcopy(ANSWERS["system"])
    system["service_states"][1] = {**system["service_states"][0], "hostid": "h3", "status": False}
    assert ("anchore.service.all_up", "catalog") in _failed(_audited(changed={"system": system}))
    assert ("anchore.service.up", "catalog") not in _failed(_audited(changed={"system": system}))


def test_an_engine_without_feeds_lets_every_image_pass() -> None:
    assert ("anchore.engine.feeds", "anchore") in _failed(_audited(changed={"system/feeds": []}))


def test_services_of_two_versions_are_found() -> None:
    system = copy.deepcopy(ANSWERS["system"])
    system["service_states"][1] = {
        **system["service_states"][0],
        "servicename": "analyzer",
        "service_detail": {"version": "1.0.1"},
    }
    assert ("anchore.engine.one_version", "anchore") in _failed(_audited(changed={"system": system}))


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ControlError, match="must not be negative"):
        _audited(-1)


def test_a_sync_that_is_to_come_is_no_pass() -> None:
    feeds = copy.deepcopy(ANSWERS["system/feeds"])
    feeds[0]["groups"][0]["last_sync"] = "2031-01-01T00:00:00Z"
    answer = _audited(changed={"system/feeds": feeds})
    [finding] = [each for each in answer["findings"] if each["control"] == "anchore.feed.fresh"]
    assert (finding["status"], finding["reason"]) == (
        "error",
        "age_hours: The last sync is to come: 2031-01-01T00:00:00Z",
    )


def test_severity_is_overridden_and_passes_are_shown_where_asked_for() -> None:
    params = {
        "max_feed_age_hours": 48,
        "include_passes": True,
        "overrides": {"anchore.service.up": {"severity": "low"}, "anchore.feed.records": {"enabled": False}},
    }
    answer = audit(facts(), params, NOW, requests=3)
    assert {each["severity"] for each in answer["findings"] if each["control"] == "anchore.service.up"} == {"low"}
    assert "pass" in {each["status"] for each in answer["findings"]}
    assert "anchore.feed.records" not in answer["controls"]
