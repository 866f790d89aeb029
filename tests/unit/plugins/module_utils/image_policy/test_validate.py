# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is wrong with a bundle, told at once."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import WhitelistItem
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import TriggerSpec
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.validate import (
    expiry,
    validate,
    validate_document,
)
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE

_NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


def _problems(change: Any) -> list[str]:
    given = copy.deepcopy(BUNDLE)
    change(given)
    return [f"{problem.level} {problem}" for problem in validate(bundle_from(given), now=_NOW)]


def test_a_sound_bundle_has_no_problem() -> None:
    assert _problems(lambda given: None) == []


def test_all_problems_come_at_once_each_with_its_gate_trigger_and_parameter() -> None:
    given = copy.deepcopy(BUNDLE)
    given["policies"][0]["rules"] = [
        {"gate": "dockerfil", "trigger": "exposed_ports", "action": "STOP"},
        {"gate": "dockerfile", "trigger": "exposed_port", "action": "STOP"},
        {
            "gate": "dockerfile",
            "trigger": "exposed_ports",
            "action": "STOP",
            "params": [{"name": "port", "value": "1"}],
        },
    ]
    problems = validate(bundle_from(given))
    assert [(each.gate, each.trigger, each.parameter) for each in problems] == [
        ("dockerfil", "exposed_ports", ""),
        ("dockerfile", "exposed_port", ""),
        ("dockerfile", "exposed_ports", "port"),
        ("dockerfile", "exposed_ports", "ports"),
        ("dockerfile", "exposed_ports", "type"),
    ]
    assert str(problems[0]) == ("policies[0].rules[0].gate: there is no gate 'dockerfil'; did you mean 'dockerfile'?")
    assert "has no trigger 'exposed_port'; did you mean 'exposed_ports'?" in str(problems[1])
    assert "has no parameter 'port'; did you mean 'ports'?" in str(problems[2])


def test_ids_that_mappings_name_exist_once_and_are_used() -> None:
    def change(given: Any) -> None:
        given["policies"] += [copy.deepcopy(given["policies"][0]), {"id": "q", "version": "1_0"}]
        given["mappings"][0].update(policy_id=None, policy_ids=["p", "pp"], whitelist_ids=[])

    assert _problems(change) == [
        "error policies[1].id: policy 'p' stands at policies[0] already",
        "error mappings[0].policy_ids[1]: there is no policy 'pp'; did you mean 'p'?",
        "warning policies[2].id: no mapping uses policy 'q'",
        "warning whitelists[0].id: no mapping uses whitelist 'w'",
    ]


def test_a_mapping_without_a_policy_is_an_error() -> None:
    problems = _problems(lambda given: given["mappings"][0].update(policy_id=None))
    assert "error mappings[0].policy_ids: names no policy; there are p" in problems


def test_an_excuse_that_has_ended_is_a_warning_and_one_without_a_time_an_error() -> None:
    def at(moment: str) -> list[str]:
        return _problems(lambda given: given["whitelists"][0]["items"][0].update(expires_on=moment))

    assert at("2030-01-01T00:00:00Z")[0].startswith("warning whitelists[0].items[0].expires_on: has passed")
    assert at("2030-01-01T00:00:00.5Z") == []
    assert at("31.12.2030")[0].startswith("error whitelists[0].items[0].expires_on: is '31.12.2030', and must be")


def test_an_excuse_for_an_unknown_gate_or_with_a_broken_pattern_is_an_error() -> None:
    item = {"gate": "vulnerability", "trigger_id": "regexp:("}
    problems = _problems(lambda given: given["whitelists"][0].update(items=[item]))
    assert "there is no gate 'vulnerability'; did you mean 'vulnerabilities'?" in problems[0]
    assert "items[0].trigger_id: 'regexp:(' is no regular expression" in problems[1]


def test_rules_and_excuses_with_the_same_id_are_errors() -> None:
    rule = {**BUNDLE["policies"][0]["rules"][0], "id": "r"}
    problems = _problems(lambda given: given["policies"][0].update(rules=[rule, rule]))
    assert problems == ["error policies[0].rules[1].id: rule 'r' stands at policies[0].rules[0] already"]


def test_another_version_is_an_error_wherever_it_stands() -> None:
    def change(given: Any) -> None:
        given["version"] = given["whitelists"][0]["version"] = "2_0"

    assert _problems(change) == [
        "error version: is '2_0', and the engine knows 1_0 only",
        "error whitelists[0].version: is '2_0', and the engine knows 1_0 only",
    ]


def test_an_engine_of_another_language_decides_what_is_known() -> None:
    specification = {"files": {"newest": TriggerSpec("newest")}}
    [problem, *_others] = validate(bundle_from(BUNDLE), specification)
    assert "there is no gate 'dockerfile'" in str(problem)


def test_keys_that_nothing_reads_are_told_with_the_rest() -> None:
    _bundle, problems = validate_document({**BUNDLE, "whitelist": []})
    assert [(each.path, each.level) for each in problems] == [("whitelist", "warning")]


def test_an_excuse_for_ever_has_no_end() -> None:
    assert expiry(WhitelistItem("files", "*")) is None
    assert expiry(WhitelistItem("files", "*", expires_on="2030-01-01T00:00:00Z")) == _NOW
