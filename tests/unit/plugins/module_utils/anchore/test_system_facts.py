# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine says of itself."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.system_facts import (
    age_hours,
    system_facts,
)
from tests.unit.small_engine import SmallEngine, speaking

NOW = datetime(2030, 1, 3, tzinfo=timezone.utc)
ANSWERS: dict[str, Any] = {
    "version": {
        "service": {"version": "1.1.0"},
        "api": {"version": "0.1.20"},
        "db": {"schema_version": "0.0.16"},
    },
    "system": {
        "service_states": [
            {
                "servicename": "catalog",
                "hostid": "h1",
                "base_url": "http://catalog:8082",
                "status": True,
                "status_message": "available",
                "service_detail": {
                    "up": True,
                    "available": True,
                    "busy": False,
                    "message": "all good",
                    "version": "1.1.0",
                    "db_version": "0.0.16",
                },
            },
            {"servicename": "analyzer", "hostid": "h2", "status": False, "status_message": "down"},
        ]
    },
    "system/feeds": [
        {
            "name": "vulnerabilities",
            "enabled": True,
            "last_full_sync": "2030-01-02T12:00:00Z",
            "groups": [
                {"name": "debian:12", "enabled": True, "last_sync": "2030-01-02T12:00:00.1234567Z", "record_count": 9},
                {"name": "alpine:3.20", "enabled": True, "last_sync": None, "record_count": 0},
                {"name": "rhel:5", "enabled": False, "last_sync": None, "record_count": 0},
            ],
        },
        {"name": "packages", "enabled": False, "groups": None},
    ],
}


def facts(**changed: Any) -> dict[str, Any]:
    """The facts of the engine above, with other answers in their place."""
    with speaking(SmallEngine(answers={**ANSWERS, **changed})) as client:
        return system_facts(client, NOW)


def test_versions_services_and_feeds_with_their_age() -> None:
    found = facts()
    assert (found["version"], found["api_version"], found["db_version"]) == ("1.1.0", "0.1.20", "0.0.16")
    assert found["services"][0] == {
        "name": "catalog",
        "host_id": "h1",
        "base_url": "http://catalog:8082",
        "up": True,
        "available": True,
        "busy": False,
        "message": "all good",
        "version": "1.1.0",
        "db_version": "0.0.16",
    }
    assert (found["services"][1]["up"], found["services"][1]["message"]) == (False, "down")
    vulnerabilities, packages = found["feeds"]
    assert [group["age_hours"] for group in vulnerabilities["groups"]] == [12.0, None, None]
    assert (vulnerabilities["age_hours"], vulnerabilities["groups"][0]["record_count"]) == (12.0, 9)
    assert (packages["enabled"], packages["age_hours"], packages["groups"]) == (False, None, [])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"version": []}, "/version: the engine's answer is no object"),
        ({"system": {}}, "/system: the engine's answer is no list"),
        ({"system/feeds": [{"name": "x", "groups": "y"}]}, "/system/feeds: the engine's answer is no list"),
        ({"system/feeds": [{}]}, "/system/feeds: a record of the engine has no name"),
    ],
)
def test_an_answer_of_another_form_is_one_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AnchoreError) as caught:
        facts(**changed)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("stamp", "hours"),
    [
        ("2030-01-02T00:00:00", 24.0),
        ("2030-01-02T00:00:00Z", 24.0),
        ("", None),
        (None, None),
        ("soon", None),
        (7, None),
    ],
)
def test_hours_since(stamp: object, hours: float | None) -> None:
    assert age_hours(stamp, NOW) == hours
