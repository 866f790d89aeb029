# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan says what a change needs and what it breaks, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.plan import Plan, make_plan
from tests.unit.daemon_situation import STARTED, container, make_situation, not_running


def plan(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], **situation: Any) -> Plan:
    return make_plan(make_situation(tmp_path, before, **situation), after, list(after))


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        ({}, {}, "none"),
        ({}, {"debug": True}, "reload"),
        ({}, {"debug": False}, "none"),
        ({}, {"icc": True}, "none"),
        ({}, {"icc": False}, "restart"),
        ({}, {"debug": True, "icc": False}, "restart"),
        ({"shutdown-timeout": 20}, {"shutdown-timeout": 30}, "reload"),
        ({"shutdown-timeout": 20}, {}, "restart"),
        ({"max-concurrent-uploads": 2}, {}, "reload"),
        ({"features": {"buildkit": True}}, {"features": {"buildkit": False}}, "reload"),
        ({}, {"features": {"containerd-snapshotter": True}}, "restart"),
        ({"storage-driver": "overlay2"}, {}, "restart"),
    ],
)
def test_what_is_needed(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], action: str) -> None:
    assert plan(tmp_path, before, after).action == action


def test_a_file_newer_than_the_daemon_is_only_believed_where_the_daemon_shows_it(tmp_path: Path) -> None:
    later = {"written": STARTED + 1}
    assert plan(tmp_path, {"debug": False}, {"debug": False}, **later).action == "none"
    assert plan(tmp_path, {"debug": True}, {"debug": True}, **later).action == "reload"
    assert plan(tmp_path, {"icc": False}, {"icc": False}, **later).action == "restart"


def test_a_key_to_be_absent_that_was_never_there_needs_nothing(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {}, written=STARTED + 1)
    assert make_plan(situation, {}, ["icc", "mtu"]).keys == []


def test_keys_tell_before_and_after(tmp_path: Path) -> None:
    keys = plan(tmp_path, {"labels": ["a=b"]}, {"labels": ["c=d"], "icc": False}, Labels=["a=b"]).keys
    assert keys == [
        {"key": "labels", "before": ["a=b"], "after": ["c=d"], "action": "reload"},
        {"key": "icc", "before": None, "after": False, "action": "restart"},
    ]


def test_a_plan_shows_no_secrets(tmp_path: Path) -> None:
    shown = plan(tmp_path, {}, {"log-opts": {"splunk-token": "s3cr3t"}}).as_dict()
    assert "s3cr3t" not in str(shown)


@pytest.mark.parametrize("flag", ["--authorization-plugin=opa", "--max-concurrent-uploads=2", "--feature=cdi"])
def test_a_reload_that_forgets_a_flag_becomes_a_restart(tmp_path: Path, flag: str) -> None:
    made = plan(tmp_path, {}, {"debug": True}, argv=("dockerd", flag))
    assert made.action == "restart"
    assert flag.partition("=")[0] in made.warnings[0]


def test_containers_that_stop_come_back_or_go(tmp_path: Path) -> None:
    containers = {
        "web": container("web", "always"),
        "db": container("db", "unless-stopped"),
        "job": container("job", removed=True),
        "try": container("try", "on-failure"),
        "old": container("old"),
    }
    made = plan(tmp_path, {}, {"icc": False}, containers=containers)
    assert made.containers_stopped == ["db", "job", "old", "try", "web"]
    assert made.containers_restarted == ["db", "web"]
    assert made.containers_removed == ["job"]
    assert "try has the restart policy on-failure" in made.warnings[0]


def test_a_reload_stops_nothing(tmp_path: Path) -> None:
    made = plan(tmp_path, {}, {"debug": True}, containers={"web": container("web")})
    assert (made.action, made.containers_stopped) == ("reload", [])


@pytest.mark.parametrize(
    ("now", "later", "kept", "first"),
    [(True, True, True, False), (False, True, True, True), (True, False, False, False), (False, False, False, False)],
)
def test_live_restore_counts_before_and_after(tmp_path: Path, now: bool, later: bool, kept: bool, first: bool) -> None:
    made = make_plan(
        make_situation(tmp_path, {"live-restore": now}, containers={"web": container("web")}, LiveRestoreEnabled=now),
        {"live-restore": later, "icc": False},
        [],
    )
    assert (made.containers_kept == ["web"], made.reload_first) == (kept, first)
    assert (made.containers_stopped == ["web"]) is not kept


def test_networks_do_not_change_under_containers_that_stay(tmp_path: Path) -> None:
    live = {"live-restore": True}
    facts = {"LiveRestoreEnabled": True, "ContainersRunning": 1, "containers": {"web": container("web")}}
    assert "icc will work fully only after" in plan(tmp_path, live, {**live, "icc": False}, **facts).warnings[0]


@pytest.mark.parametrize(("version", "kept"), [("20.10.24", False), ("24.0.7", False), ("24.0.8", True)])
def test_live_restore_and_containers_that_remove_themselves(tmp_path: Path, version: str, kept: bool) -> None:
    live = {"live-restore": True}
    made = plan(
        tmp_path,
        live,
        {**live, "log-driver": "local"},
        version=version,
        LiveRestoreEnabled=True,
        containers={"job": container("job", removed=True)},
    )
    assert (made.containers_kept, made.containers_removed) == ((["job"], []) if kept else ([], ["job"]))


def test_another_store_hides_what_is_there(tmp_path: Path) -> None:
    containers = {"web": container("web", "always")}
    facts = {"Images": 3, "Containers": 1, "containers": containers}
    made = plan(tmp_path, {}, {"userns-remap": "default", "live-restore": True}, **facts)
    assert made.images_hidden == {"images": 3, "containers": 1, "because": ["userns-remap"]}
    assert (made.containers_restarted, made.reload_first) == ([], False)
    assert plan(tmp_path, {}, {"userns-remap": "default"}).images_hidden is None, "nothing is there"
    assert plan(tmp_path, {}, {"storage-driver": "overlay2"}, **facts).images_hidden is None, "it is the same one"


def test_what_others_have_changed_is_mentioned(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {"debug": True}, written=STARTED + 1)
    made = make_plan(situation, {"debug": True, "labels": ["a=b"]}, ["labels"])
    assert [entry["key"] for entry in made.keys] == ["labels"]
    assert "Others have changed debug in the file" in made.warnings[0]


def test_without_a_daemon_there_is_only_the_file(tmp_path: Path) -> None:
    made = make_plan(not_running(make_situation(tmp_path, {})), {"icc": False}, ["icc"])
    assert (made.action, len(made.keys)) == ("none", 1)
