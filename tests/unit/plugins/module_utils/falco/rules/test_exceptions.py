# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions: their form, and what they add to a condition."""

from __future__ import annotations

import json

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from tests.unit.plugins.module_utils.falco.rules.rule_cases import errors, rule, warnings


def excepting(*exceptions: object, **keys: object) -> str:
    return rule(exceptions=list(exceptions), **keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "exception",
    [
        {"name": "a", "fields": "proc.name", "values": ["x", "y z"]},
        {"name": "a", "fields": "proc.name", "comps": "pmatch", "values": ["/etc"]},
        {"name": "a", "fields": ["proc.name", "fd.name"], "values": [["x", "y"]]},
        {
            "name": "a",
            "fields": ["proc.name", "fd.name"],
            "comps": ["in", "startswith"],
            "values": [[["x", "y"], "/e"]],
        },
        {"name": "a", "fields": ["proc.name"], "comps": ["in"], "values": [["x"], ["(y, z)"]]},
        {"name": "a", "fields": ["tolower(proc.name)"], "values": [["x"]]},
        {"name": "a", "fields": ["proc.name"]},
        {"name": "a", "fields": ["proc.pid"], "comps": [">"], "values": [[3]]},
    ],
)
def test_good_exceptions(exception: object) -> None:
    assert errors(excepting(exception)) == ""


@pytest.mark.parametrize(
    ("exception", "says"),
    [
        ("a", "an exception is a mapping"),
        ({"fields": "proc.name"}, "'name' is missing"),
        ({"name": "a"}, "has no 'fields'"),
        ({"name": "a", "fields": "proc.name", "values": "x"}, "'values' of the exception 'a' are no list"),
        ({"name": "a", "fields": "proc.name", "values": [["x"]]}, "so each value must be one"),
        ({"name": "a", "fields": "proc.name", "values": [""]}, "is not empty"),
        ({"name": "a", "fields": "proc.name", "values": [{"x": 1}]}, "a text or a list of texts"),
        ({"name": "a", "fields": "proc.name", "values": [[[["x"]]]]}, "a text or a list of texts"),
        ({"name": "a", "fields": "proc.name", "comps": "="}, "is in, pmatch or intersects"),
        ({"name": "a", "fields": "proc.name", "comps": ["in"]}, "'comps' must be one too"),
        ({"name": "a", "fields": ["proc.name"], "comps": ["like"]}, "like is no operator"),
        ({"name": "a", "fields": ["proc.name"], "comps": ["=", "="]}, "as many 'comps' as 'fields'"),
        ({"name": "a", "fields": ["proc.name"], "comps": "="}, "as many 'comps' as 'fields'"),
        ({"name": "a", "fields": ["proc.nam"]}, "no field proc.nam"),
        ({"name": "a", "fields": [["proc.name"]]}, "each of the 'fields'"),
        ({"name": "a", "fields": ["proc.name", "fd.name"], "values": [["x"]]}, "has 1 items for 2 fields"),
        ({"name": "a", "fields": ["proc.name"], "values": ["x"]}, "has 0 items for 1 fields"),
        ({"name": "a", "fields": ["proc.pid"], "values": [["x"]]}, "x is no number"),
        ({"name": "a", "fields": "proc.name", "values": ["x)"]}, "expected"),
    ],
)
def test_bad_exceptions(exception: object, says: str) -> None:
    assert says in errors(excepting(exception))


def test_exceptions_are_a_list() -> None:
    assert "'exceptions' is no list" in errors(rule(exceptions={"name": "a"}))
    assert errors(rule(exceptions=None)) == ""


def test_what_is_odd_about_exceptions() -> None:
    twice = {"name": "a", "fields": ["proc.name"], "values": [["x"]], "value": 1}
    said = warnings(excepting(twice, twice))
    assert "LOAD_EXCEPTION_NAME_NOT_UNIQUE" in said
    assert "ignores the key 'value' of an exception" in said


def appending(*exceptions: object) -> str:
    item = {"rule": "one", "exceptions": list(exceptions), "override": {"exceptions": "append"}}
    return "- " + json.dumps(item) + "\n"


_BASE = excepting({"name": "a", "fields": ["proc.name"], "comps": ["in"], "values": [["x"]]})


@pytest.mark.parametrize(
    ("exception", "says"),
    [
        ({"name": "a", "values": [["y"]]}, ""),
        ({"name": "b", "fields": "fd.name", "values": ["y"]}, ""),
        ({"name": "a", "fields": ["proc.name"], "values": [["y"]]}, "'fields' cannot be appended"),
        ({"name": "a", "comps": ["in"], "values": [["y"]]}, "'comps' cannot be appended"),
        ({"name": "b", "fields": "fd.name"}, "has no 'values'"),
        ({"name": "b", "values": ["y"]}, "has no 'fields'"),
        ({"name": "a", "values": [["y", "z"]]}, "has 2 items for 1 fields"),
    ],
)
def test_exceptions_that_are_appended(exception: object, says: str) -> None:
    assert says in errors(_BASE, appending(exception))
    assert bool(errors(_BASE, appending(exception))) == bool(says)


def test_appending_no_values_is_told() -> None:
    assert "LOAD_APPEND_NO_VALUES" in warnings(_BASE, appending({"name": "a"}))


def test_an_exception_that_replaces_names_its_comparison() -> None:
    exceptions = [{"name": "a", "fields": "proc.name", "values": ["x"]}]
    item = {"rule": "one", "exceptions": exceptions, "override": {"exceptions": "replace"}}
    assert "needs 'comps'" in errors(_BASE, "- " + json.dumps(item) + "\n")


def test_modifiers_are_comparisons_of_044() -> None:
    text = excepting({"name": "a", "fields": "proc.name", "comps": " startswith oneof ", "values": ["x"]})
    assert errors(text, engine=Engine("0.44")) == ""
    assert "is in, pmatch or intersects" in errors(text)
