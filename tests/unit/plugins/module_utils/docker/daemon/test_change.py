# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From declaration to change: text, diff, limits and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.change import Change, prepare
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from tests.unit.daemon_situation import STARTED, container, make_situation


def change(situation: Situation, config: dict[str, Any] | None = None, **params: Any) -> Change:
    defaults: dict[str, Any] = {
        "config": config,
        "secret_config": None,
        "absent": None,
        "state": "present",
        "list_merge": "replace",
        "apply": "auto",
        "max_containers_stopped": None,
        "allow_hidden_images": False,
    }
    return prepare({**defaults, **params}, situation)


def test_what_is_there_needs_nothing_and_keeps_its_bytes(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {"icc": False})
    made = change(situation, {"icc": False})
    assert (made.needed, made.text, made.diff, made.action) == (False, situation.file.text, [], "none")


def test_a_file_that_is_not_there_is_not_made_for_nothing(tmp_path: Path) -> None:
    made = change(make_situation(tmp_path), {})
    assert (made.needed, made.text) == (False, None)


def test_the_diff_is_of_the_file(tmp_path: Path) -> None:
    made = change(make_situation(tmp_path, {"debug": False}), {"debug": True})
    assert made.diff == [
        {
            "before_header": made.situation.file.path,
            "after_header": made.situation.file.path,
            "before": '{\n    "debug": false\n}\n',
            "after": '{\n    "debug": true\n}\n',
        }
    ]


def test_what_only_waits_is_shown_as_what_is_in_effect(tmp_path: Path) -> None:
    made = change(make_situation(tmp_path, {"debug": True}, written=STARTED + 1), {"debug": True})
    assert (made.writes, made.needed, made.action) == (False, True, "reload")
    assert (made.diff[0]["before"], made.diff[0]["after"]) == (
        '{\n    "debug": false\n}\n',
        '{\n    "debug": true\n}\n',
    )


def test_secrets_of_both_options_are_merged_and_not_shown(tmp_path: Path) -> None:
    config = {"log-driver": "splunk", "log-opts": {"splunk-url": "https://s.example.com"}}
    made = change(
        make_situation(tmp_path, {}, Plugins={"Log": ["splunk"]}),
        config,
        secret_config={"log-opts": {"splunk-token": "s3cr3t"}},
    )
    assert made.after["log-opts"] == {"splunk-url": "https://s.example.com", "splunk-token": "s3cr3t"}
    assert "s3cr3t" not in str(made.diff)


@pytest.mark.parametrize(
    ("apply", "config", "action", "waiting"),
    [
        ("auto", {"debug": True, "icc": False}, "restart", False),
        ("reload", {"debug": True, "icc": False}, "reload", True),
        ("reload", {"icc": False}, "none", True),
        ("reload", {"debug": True}, "reload", False),
        ("none", {"debug": True}, "none", True),
        ("none", {"debug": False}, "none", False),
    ],
)
def test_apply_limits_what_is_done(
    tmp_path: Path, apply: str, config: dict[str, Any], action: str, waiting: bool
) -> None:
    made = change(make_situation(tmp_path, {}), config, apply=apply)
    assert (made.action, made.waiting, made.writes) == (action, waiting, True)


def test_a_key_cannot_be_wanted_and_unwanted(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match="debug cannot be both in config and in absent"):
        change(make_situation(tmp_path, {}), {"debug": True}, absent=["debug"])


def test_every_reason_is_named_at_once(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {"lable": 1}, argv=("dockerd", "--mtu=1400"))
    with pytest.raises(DockerError) as refused:
        change(situation, {"mtu": 1300, "log-driver": "missing"})
    for said in ("was left as it was: lable is not an option", "mtu is already set", "has no driver missing"):
        assert said in str(refused.value)


def test_a_spoilt_file_with_nothing_to_do_is_a_warning(tmp_path: Path) -> None:
    made = change(make_situation(tmp_path, {"lable": 1}, written=STARTED + 1), {})
    assert not made.needed
    assert "lable is not an option of dockerd 20.10.24; the next start would fail" in made.warnings[0]


def test_the_blast_radius_may_be_limited(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {}, containers={"a": container("a"), "b": container("b")})
    assert change(situation, {"icc": False}, max_containers_stopped=2).needed
    with pytest.raises(DockerError, match=r"would stop 2 containers \(a, b\), and max_containers_stopped is 1"):
        change(situation, {"icc": False}, max_containers_stopped=1)
    assert change(situation, {"icc": False}, max_containers_stopped=0, apply="none").needed
    assert change(situation, {"icc": False}, max_containers_stopped=-1).needed, (
        "a negative limit is none, as in the role"
    )


def test_hidden_images_have_to_be_allowed(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {}, Images=2)
    with pytest.raises(DockerError, match="the 2 images and 0 containers of today are not seen"):
        change(situation, {"userns-remap": "default"})
    assert change(situation, {"userns-remap": "default"}, allow_hidden_images=True).needed


def test_absent_takes_back_and_limits_itself(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {"debug": True, "labels": ["a=b"]}, Debug=True, Labels=["a=b"])
    situation.record.changes = {"debug": {"set": True, "before": False}, "labels": {"set": ["a=b"]}}
    some = change(situation, {"debug": None}, state="absent")
    assert (some.after, list(some.changes)) == ({"debug": False, "labels": ["a=b"]}, ["labels"])
    everything = change(situation, state="absent")
    assert (everything.after, everything.changes) == ({"debug": False}, {})


def test_a_file_that_we_made_goes_unless_the_daemon_was_told_to_read_it(tmp_path: Path) -> None:
    for flags, text in ((("dockerd",), None), (("dockerd", "--config-file=/f"), "{}\n")):
        situation = make_situation(tmp_path, {"debug": True}, argv=flags, Debug=True)
        situation.record.changes, situation.record.created = {"debug": {"set": True}}, True
        assert change(situation, state="absent").text == text
