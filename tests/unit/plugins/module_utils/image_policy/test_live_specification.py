# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of policies as an engine tells it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.live_specification import (
    SpecificationError,
    specification_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    NUMBERS,
    TEXT,
)


def _answer(**gate: Any) -> list[dict[str, Any]]:
    return [{"name": "Files", "state": "active", "triggers": [], **gate}]


def _parameter(name: str, validator: object) -> Any:
    [parameter] = specification_from(
        _answer(triggers=[{"name": "name_match", "parameters": [{"name": name, "validator": validator}]}])
    )["files"]["name_match"].parameters
    return parameter


def test_choices_and_forms_come_from_the_schema() -> None:
    assert _parameter("depth", {"type": "string", "enum": ["true", "false"]}).ignore_case
    assert _parameter("depth", {"type": "string", "pattern": r"\d+"}).pattern == r"\d+"


def test_what_the_engine_does_not_tell_is_taken_from_our_table() -> None:
    assert _parameter("regex", {"type": "string"}).is_regex


def test_a_form_of_ours_goes_before_one_that_backtracks() -> None:
    [ports] = specification_from(
        [
            {
                "name": "dockerfile",
                "triggers": [
                    {"name": "exposed_ports", "parameters": [{"name": "ports", "validator": {"pattern": "(a+)+"}}]}
                ],
            }
        ]
    )["dockerfile"]["exposed_ports"].parameters
    assert ports.pattern == NUMBERS


@pytest.mark.parametrize("validator", [None, [], {"pattern": "("}, {"anyOf": [{"type": "string"}]}])
def test_a_schema_that_cannot_be_read_takes_any_text(validator: object) -> None:
    assert _parameter("depth", validator).pattern == TEXT


def test_what_the_engine_gave_up_is_not_known() -> None:
    answer = [*_answer(triggers=[{"name": "x", "state": "eol"}]), {"name": "old", "state": "eol"}]
    assert specification_from(answer) == {"files": {}}


@pytest.mark.parametrize("answer", [None, {}, [], ["files"], [{"triggers": []}]])
def test_an_answer_without_gates_is_refused(answer: object) -> None:
    with pytest.raises(SpecificationError, match="names no gate"):
        specification_from(answer)
