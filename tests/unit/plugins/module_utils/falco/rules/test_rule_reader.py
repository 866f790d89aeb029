# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules: new ones, and what changes earlier ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, errors, rule, warnings

_SKIP: Any = {"skip-if-unknown-filter": True}


def item(**keys: object) -> str:
    return "- " + json.dumps({"rule": "one", **keys}) + "\n"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"priority": "Informational"}, ""),
        ({"priority": "WARN"}, "WARN is no priority (did you mean warning?)"),
        ({"priority": "bad"}, "one of emergency, alert"),
        ({"desc": ""}, "the value of 'desc' is empty"),
        ({"output": None}, "the key 'output' has no value"),
        ({"enabled": "perhaps"}, "neither true nor false"),
        ({"tags": "a"}, "the value of 'tags' is no list"),
        ({"capture": True, "capture_duration": 500}, ""),
        ({"capture_duration": "long"}, "a number of milliseconds"),
    ],
)
def test_keys_of_rules(keys: dict[str, object], says: str) -> None:
    said = errors(rule(**keys))  # type: ignore[arg-type]
    assert says in said
    assert bool(said) == bool(says)


def test_a_rule_has_all_that_it_needs() -> None:
    assert "the key 'condition' is missing" in errors(item(desc="d"))
    assert "or 'enabled'" in errors(item(tags=["a"]))


def test_enabling_a_rule() -> None:
    verdict = check(rule(), item(enabled=False))
    assert not verdict.rules[0].enabled
    assert "without 'override' is deprecated" in warnings(rule(), item(enabled=False))
    assert "enables or disables a rule that is not defined above (did you mean one?)" in errors(
        rule(), "- {rule: ones, enabled: false}\n"
    )


def test_appending_to_a_rule() -> None:
    both = item(
        condition="and proc.nam = a",
        tags=["b"],
        desc="more",
        override={"condition": "append", "tags": "append", "desc": "append"},
    )
    verdict = check(rule(tags=["a"]), both)
    assert verdict.rules[0].tags == ("a", "b")
    assert [(issue.place.line, issue.place.column) for issue in verdict.errors] == [(2, 37)]
    assert "appends to a rule that is not defined above" in errors(both)
    assert "appends neither a condition nor exceptions" in errors(rule(), item(append=True))


def test_the_deprecated_way_to_append() -> None:
    text = item(condition="and proc.name = a", append=True)
    assert errors(rule(), text) == ""
    assert "'append' is deprecated" in warnings(rule(), text)


def test_replacing_parts_of_a_rule() -> None:
    text = item(condition="evt.type = close", output="x", priority="ERROR", tags=["z"], enabled=False)
    keys = dict.fromkeys(("condition", "output", "priority", "tags", "enabled"), "replace")
    text = text.replace("}\n", ', "override": ' + json.dumps(keys) + "}\n")
    found = check(rule("evt.type = nosuch", output="%nosuch.field"), text)
    assert found.valid
    assert (found.rules[0].priority, found.rules[0].tags, found.rules[0].enabled) == ("error", ("z",), False)
    assert found.rules[0].cost
    assert found.rules[0].cost.event_types == ["close"]
    assert "replaces parts of a rule that is not defined above" in errors(text)


def test_rules_of_a_source_that_no_plugin_brings_are_skipped() -> None:
    text = rule("nosuch.field = 1", source="k8saudit")
    assert errors(text) == ""
    assert "LOAD_UNKNOWN_SOURCE" in warnings(text)
    assert "did you mean k8s_audit?" in warnings(text)


def test_a_rule_keeps_its_source() -> None:
    assert "the rule is for the source syscall" in errors(rule(), rule(source="k8s_audit"))


def test_rules_that_put_up_with_unknown_fields() -> None:
    text = rule("evt.type = open and nosuch.field = 1", output="%nosuch.field", **_SKIP)
    assert errors(text) == ""
    assert warnings(text).count("LOAD_UNKNOWN_FILTER") == 2
    assert "no number" in errors(rule("evt.type = open and proc.pid = x", **_SKIP))
