# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries choose the containers that they name, and no other."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.selection import (
    Choice,
    choose,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine

CONTAINERS = [
    {"Id": "1", "Names": ["/web"], "State": "running", "Labels": {"tier": "web", "empty": ""}},
    {"Id": "2", "Names": ["/web-1", "/web/alias"], "State": "exited", "Labels": None},
    {"Id": "3", "Names": ["/front/web", "/web-2"], "State": "running", "Labels": {"tier": "webs"}},
    {"Id": "4", "Names": ["/gone"], "State": "removing", "Labels": {}},
    {"Id": "5", "Names": ["/task.1"], "State": "running", "Labels": {"com.docker.swarm.service.id": "x"}},
]


class FakeEngine:
    def get(self, path: str, **query: object) -> Any:
        assert (path, query) == ("/containers/json", {"all": True})
        return CONTAINERS


def chosen(*entries: dict[str, Any]) -> Choice:
    return choose(cast(Engine, FakeEngine()), entries)


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ({"name": "web"}, ["1"]),
        ({"name": "/web"}, ["1"]),
        ({"name": "we"}, []),
        ({"name": "1"}, []),
        ({"glob": "web*"}, ["1", "2", "3"]),
        ({"glob": "WEB"}, []),
        ({"glob": "*"}, ["1", "2", "3"]),
        ({"label": "tier=web"}, ["1"]),
        ({"label": "tier"}, ["1", "3"]),
        ({"label": "empty="}, ["1"]),
        ({"label": "tier", "glob": "*-?"}, ["3"]),
    ],
)
def test_selectors(selector: dict[str, str], ids: list[str]) -> None:
    choice = chosen({**selector, "pids_limit": 5})
    assert [one.id for one in choice.chosen] == ids
    assert bool(choice.unmatched) is not bool(ids)


def test_later_entries_have_the_last_word_limit_by_limit() -> None:
    choice = chosen({"glob": "*", "pids_limit": 5, "cpu_shares": 7}, {"name": "web", "pids_limit": 9})
    wanted = {one.name: one.wanted for one in choice.chosen}
    assert wanted["web"] == {"pids_limit": 9, "cpu_shares": 7}
    assert wanted["web-1"] == {"pids_limit": 5, "cpu_shares": 7}


def test_what_another_manager_owns_is_passed_over_unless_named() -> None:
    assert "swarm" in chosen({"glob": "*", "pids_limit": 5}).skipped["task.1"]
    named = chosen({"glob": "*", "pids_limit": 5}, {"name": "task.1", "pids_limit": 5})
    assert "5" in [one.id for one in named.chosen]
    assert "task.1" not in named.skipped


def test_what_is_being_removed_is_passed_over_even_when_named() -> None:
    choice = chosen({"name": "gone", "pids_limit": 5})
    assert (choice.chosen, choice.unmatched, choice.skipped) == ([], [], {"gone": "it is removing"})


def test_a_fault_names_its_entry() -> None:
    with pytest.raises(DockerError, match=r"entry 2 \(glob db-\*\): 'much' is not a size"):
        chosen({"name": "web", "pids_limit": 5}, {"glob": "db-*", "memory": "much"})
