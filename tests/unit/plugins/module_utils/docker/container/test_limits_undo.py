# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits come back to what they were before us, and only where they still are ours."""

from __future__ import annotations

from typing import Any, cast

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits_undo import (
    forget,
    lifted,
    recorded,
    remember,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.selection import Chosen
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.update import Update
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus


class FakeEngine:
    """Containers by id, each with a HostConfig."""

    def __init__(self, **containers: dict[str, Any]) -> None:
        self._containers = containers

    def get(self, path: str, **_query: object) -> Any:
        if path == "/containers/json":
            return [{"Id": each, "Names": [f"/{each}"], "State": "running"} for each in self._containers]
        wanted = path.split("/")[2]
        if wanted not in self._containers:
            raise EngineStatus(404, "no such container")
        return {"HostConfig": self._containers[wanted]}


def engine(**containers: dict[str, Any]) -> Engine:
    return cast(Engine, FakeEngine(**containers))


def update(changes: dict[str, Any], current: dict[str, Any], error: str | None = None) -> Update:
    return Update(Chosen("web", "web", "running"), current, changes, {}, error)


def test_a_value_of_ours_keeps_the_value_from_before_it() -> None:
    record = remember({}, [update({"pids_limit": 5}, {"pids_limit": None})])
    record = remember(record, [update({"pids_limit": 9}, {"pids_limit": 5})])
    assert record == {"web": {"pids_limit": {"before": None, "set": 9}}}


def test_a_value_that_somebody_else_set_meanwhile_is_what_was_before() -> None:
    record = remember({}, [update({"pids_limit": 5}, {"pids_limit": None})])
    record = remember(record, [update({"pids_limit": 9}, {"pids_limit": 7})])
    assert record["web"]["pids_limit"] == {"before": 7, "set": 9}


def test_what_failed_or_changed_nothing_is_not_remembered() -> None:
    failed = update({"pids_limit": 5}, {"pids_limit": None}, "refused")
    assert remember({}, [failed, update({}, {})]) == {}
    assert forget({"web": {}}, [failed]) == {"web": {}}
    assert forget({"web": {}}, [update({}, {})]) == {}


def test_only_what_is_still_ours_is_given_back() -> None:
    record = {
        "web": {"pids_limit": {"before": None, "set": 5}, "cpu_shares": {"before": 100, "set": 200}},
        "gone": {"pids_limit": {"before": None, "set": 5}},
    }
    there = engine(web={"PidsLimit": 5, "CpuShares": 300}, other={})
    (web,) = recorded(there, record, None)
    assert (web.name, web.wanted) == ("web", {"pids_limit": None})
    assert recorded(there, record, [Chosen("other", "other", "running")]) == []


def test_without_a_record_the_very_limits_that_are_named_are_lifted() -> None:
    named = {"pids_limit": 5, "cpu_shares": 200, "restart_policy": "on-failure:5"}
    policy = {"Name": "on-failure", "MaximumRetryCount": 5}
    (web,) = lifted(
        engine(web={"PidsLimit": 5, "CpuShares": 300, "RestartPolicy": policy}),
        [Chosen("web", "web", "running", named)],
    )
    assert web.wanted == {"pids_limit": None, "restart_policy": "no"}
