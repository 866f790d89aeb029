# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_policy as a module: what it validates, what it asks, and what it returns."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_policy
from tests.lab.ansible import run_module
from tests.unit.documented_options import documented, taken
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE
from tests.unit.run_on_engine import run_on
from tests.unit.small_engine import SmallEngine


def _broken() -> dict[str, Any]:
    broken = copy.deepcopy(BUNDLE)
    broken["policies"][0]["rules"][0]["trigger"] = "exposed_port"
    return broken


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_policy) == taken(anchore_policy)


def test_a_check_predicts_what_a_run_does_and_a_second_run_does_nothing() -> None:
    engine = SmallEngine()
    wish: dict[str, Any] = {"bundle": BUNDLE, "active": True}
    predicted = run_on(engine, "anchore_policy", check=True, **wish)
    done = run_on(engine, "anchore_policy", **wish)
    assert (predicted["changed"], predicted["bundles"], predicted["diff"]) == (True, done["bundles"], done["diff"])
    again = run_on(engine, "anchore_policy", **wish)
    assert (again["changed"], again["requests"], engine.written) == (False, 1, [])


def test_a_broken_bundle_is_refused_before_the_engine_hears_of_it() -> None:
    engine = SmallEngine()
    answer = run_on(engine, "anchore_policy", bundles=[{"bundle": {**BUNDLE, "id": "good"}}, {"bundle": _broken()}])
    assert answer["failed"]
    assert answer["msg"] == (
        "1 error in policy bundles, nothing was sent: b: policies[0].rules[0].trigger: "
        "gate dockerfile has no trigger 'exposed_port'; did you mean 'exposed_ports'?"
    )
    assert [(each["bundle"], each["gate"], each["trigger"]) for each in answer["problems"]] == [
        ("b", "dockerfile", "exposed_port")
    ]
    assert engine.policies == {}


def test_validation_alone_needs_no_engine(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(json.dumps({**BUNDLE, "extra": 1}))
    answer = run_module("anchore_policy", {"path": str(file), "validate_only": True})
    assert (answer["changed"], answer["requests"]) == (False, 0)
    assert [each["level"] for each in answer["problems"]] == ["warning"]
    assert "b: extra: is passed over" in str(answer["warnings"])
    assert run_module("anchore_policy", {"bundle": _broken(), "validate_only": True})["failed"]


def test_all_else_needs_one() -> None:
    answer = run_module("anchore_policy", {"bundle": BUNDLE, "username": "admin"})
    assert answer["msg"] == "url, password: needed, unless validate_only with validate_against builtin"


@pytest.mark.parametrize("only", [True, False])
def test_the_engine_decides_which_gates_there_are_where_it_is_asked(only: bool) -> None:
    engine = SmallEngine(answers={"system/policy_spec": [{"name": "newest", "triggers": []}]})
    answer = run_on(engine, "anchore_policy", bundle=BUNDLE, validate_against="engine", validate_only=only)
    assert answer["failed"]
    assert "there is no gate 'dockerfile'; there are newest" in answer["msg"]


def test_the_active_bundle_is_not_deleted() -> None:
    engine = SmallEngine()
    run_on(engine, "anchore_policy", bundle=BUNDLE, active=True)
    answer = run_on(engine, "anchore_policy", id="b", state="absent")
    assert answer["msg"] == "b is the active bundle, and cannot be deleted: activate another one in the same call"
    assert list(engine.policies) == ["b"]
