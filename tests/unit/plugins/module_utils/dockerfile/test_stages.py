# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages, and what variables stand for in them."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stages import (
    Stages,
    pairs,
    stages_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import parse


def _stages(text: str, target: str = "", **build_args: str) -> Stages:
    return stages_of(parse(text, "x"), "x", build_args, target)


def test_the_image_is_made_of_the_last_stage_and_of_what_it_is_based_on() -> None:
    told = _stages("FROM a AS One\nFROM b AS two\nFROM one AS three\nFROM three")
    assert [stage.in_image for stage in told.stages] == [True, False, True, True]
    assert told.stages[3].parent is told.stages[2]


def test_a_target_by_name_or_number() -> None:
    text = "FROM a AS One\nFROM b"
    assert _stages(text, "ONE").target.index == _stages(text, "0").target.index == 0
    with pytest.raises(DockerfileError, match="x has no stage 'three'"):
        _stages(text, "three")


def test_a_stage_may_be_called_as_an_image_and_then_hides_it() -> None:
    told = _stages("FROM debian AS debian\nFROM debian")
    assert told.stages[0].parent is None
    assert told.stages[1].parent is told.stages[0]


def test_arguments_before_from_hold_in_from_and_where_they_are_asked_for() -> None:
    told = _stages("ARG V=1\nFROM a:$V\nRUN x\nARG V\nRUN y\nFROM b:$V")
    assert [stage.base.text for stage in told.stages] == ["a:1", "b:1"]
    assert [values.get("V", "-") for _instruction, values in told.stages[0].steps] == ["-", "-", "1"]


def test_build_arguments_go_before_defaults_and_env_before_both() -> None:
    told = _stages("FROM a\nARG V=1\nRUN x\nENV V=2\nARG V=3\nRUN y", V="9")
    assert [values.get("V", "-") for _instruction, values in told.stages[0].steps] == ["-", "9", "9", "2", "2"]


def test_env_is_inherited_and_arguments_are_not() -> None:
    told = _stages("FROM a AS a\nENV E=1 F=$G\nARG A=1\nFROM a\nRUN x")
    assert told.stages[1].steps[0][1] == {"E": "1", "F": None}


def test_values_of_one_instruction_do_not_see_each_other() -> None:
    told = _stages("FROM a\nENV A=1\nENV A=2 B=$A")
    assert told.stages[0].values == {"A": "2", "B": "1"}


def test_a_base_that_nobody_tells_is_unknown() -> None:
    assert _stages("ARG B\nFROM $B").stages[0].base.unknown == ["B"]
    assert _stages("FROM a:$TARGETARCH").stages[0].base.unknown == ["TARGETARCH"]


def test_pairs() -> None:
    def of(line: str) -> list[tuple[str, str]]:
        return pairs(parse(line, "x").instructions[0])

    assert of("ENV a=1 'b c'=2 d=\"e f\"") == [("a", "1"), ("b c", "2"), ("d", '"e f"')]
    assert of("ENV a  b c=d") == [("a", "b c=d")]
    assert of("ARG a b=1") == [("a", ""), ("b", "1")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("RUN a\nFROM b", "x:1: RUN stands before any FROM"),
        ("ARG a", "x has no FROM"),
        ("FROM a b", "x:1: FROM takes an image"),
        ("FROM a BY b", "x:1: FROM takes an image"),
        ("FROM a AS 1b", "x:1: '1b' is no name of a stage"),
        ("ARG B=\nFROM $B", "x:2: the image is empty"),
    ],
)
def test_what_docker_refuses(text: str, fault: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        _stages(text)
    assert str(caught.value).startswith(fault)
