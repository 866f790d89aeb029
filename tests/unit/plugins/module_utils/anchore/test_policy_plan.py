# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to bundles, against an engine that keeps them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.policy_declaration import Declared
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.policy_plan import (
    Step,
    carry_out,
    diff,
    engine_specification,
    plan,
    report,
    survey,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.canonical import document
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from tests.unit.plugins.module_utils.image_policy.test_parse import BUNDLE
from tests.unit.small_engine import SmallEngine, speaking


def _bundle(name: str, **more: Any) -> dict[str, Any]:
    return {**BUNDLE, "id": name, **more}


def _record(name: str, *, active: bool = False, **more: Any) -> dict[str, Any]:
    stored = copy.deepcopy(document(bundle_from(_bundle(name, **more))))
    stored["policies"][0]["rules"][0]["id"] = "the engine's own"
    return {"policyId": name, "active": active, "policybundle": stored, "userId": "admin", "created_at": "2020"}


def _engine(*records: dict[str, Any]) -> SmallEngine:
    return SmallEngine(policies={record["policyId"]: record for record in records})


def _wanted(name: str, active: bool | None = None, **more: Any) -> Declared:
    return Declared(name, bundle_from(_bundle(name, **more)), active)


def _gone(name: str) -> Declared:
    return Declared(name, None)


def _run(engine: SmallEngine, *declared: Declared) -> list[Step]:
    with speaking(engine) as client:
        steps = plan(list(declared), survey(client))
        carry_out(client, steps)
    return steps


def _active(engine: SmallEngine) -> list[str]:
    return [name for name, record in engine.policies.items() if record["active"]]


def test_a_new_bundle_is_made_and_becomes_active_only_where_asked_for() -> None:
    engine = _engine(_record("default", active=True))
    assert [step.action for step in _run(engine, _wanted("b"))] == ["created"]
    assert (engine.written, _active(engine)) == (["POST policies"], ["default"])
    engine = _engine(_record("default", active=True))
    [step] = _run(engine, _wanted("b", active=True))
    assert (step.replaces, _active(engine)) == ("default", ["b"])
    assert engine.written == ["POST policies", "PUT policies/b"]


def test_a_second_run_writes_nothing() -> None:
    engine = _engine(_record("default", active=True))
    _run(engine, _wanted("b", active=True))
    engine.written.clear()
    [step] = _run(engine, _wanted("b", active=True))
    assert (step.action, engine.written, diff([step])) == ("unchanged", [], [])


def test_ids_of_the_engine_are_no_difference() -> None:
    assert [step.action for step in _run(_engine(_record("b")), _wanted("b"))] == ["unchanged"]


def test_a_change_of_the_active_bundle_keeps_it_active() -> None:
    engine = _engine(_record("b", active=True))
    [step] = _run(engine, _wanted("b", comment="new"))
    assert (step.action, _active(engine)) == ("changed", ["b"])
    assert engine.policies["b"]["policybundle"]["comment"] == "new"
    [shown] = diff([step])
    assert "comment" not in shown["before"]["policybundle"]
    assert shown["after"]["policybundle"]["comment"] == "new"


def test_activation_alone_is_a_change() -> None:
    engine = _engine(_record("a", active=True), _record("b"))
    [step] = _run(engine, _wanted("b", active=True))
    assert (step.action, step.replaces, _active(engine)) == ("changed", "a", ["b"])
    assert report([step]) == [{"id": "b", "action": "changed", "active": True, "replaces": "a"}]


def test_the_active_one_is_changed_and_replaced_whatever_the_order() -> None:
    for order in (1, -1):
        engine = _engine(_record("a", active=True), _record("b"))
        _run(engine, *[_wanted("a", comment="new"), _wanted("b", active=True)][::order])
        assert _active(engine) == ["b"]
        assert engine.policies["a"]["policybundle"]["comment"] == "new"


def test_the_active_one_is_deleted_after_another_took_its_place() -> None:
    engine = _engine(_record("a", active=True), _record("b"))
    steps = _run(engine, _gone("a"), _wanted("b", active=True))
    assert [step.action for step in steps] == ["deleted", "changed"]
    assert list(engine.policies) == ["b"]


@pytest.mark.parametrize(("declared", "wish"), [(_gone("a"), "deleted"), (_wanted("a", active=False), "made inactive")])
def test_the_only_active_one_stays_and_nothing_is_written(declared: Declared, wish: str) -> None:
    engine = _engine(_record("a", active=True))
    with pytest.raises(AnchoreError, match=f"a is the active bundle, and cannot be {wish}: activate another one"):
        _run(engine, _wanted("new"), declared)
    assert engine.written == []


def test_what_is_gone_already_is_left_alone() -> None:
    assert [step.action for step in _run(_engine(), _gone("a"))] == ["unchanged"]


def test_a_stored_bundle_that_cannot_be_read_is_replaced() -> None:
    engine = SmallEngine(policies={"b": {"policyId": "b", "active": False, "policybundle": {"id": "b", "odd": True}}})
    [step] = _run(engine, _wanted("b"))
    assert (step.action, step.before["policybundle"]) == ("changed", {"id": "b", "odd": True})


def test_an_answer_that_is_no_list_is_one_sentence() -> None:
    engine = SmallEngine(answers={"policies": {"policies": []}})
    with speaking(engine) as client, pytest.raises(AnchoreError, match="/policies: the engine's answer is no list"):
        survey(client)


def test_an_engine_tells_its_own_language_or_it_is_said() -> None:
    gates = [{"name": "always", "triggers": [{"name": "always"}]}]
    with speaking(SmallEngine(answers={"system/policy_spec": gates})) as client:
        assert list(engine_specification(client)) == ["always"]
    with (
        speaking(SmallEngine(answers={"system/policy_spec": []})) as client,
        pytest.raises(AnchoreError, match="the engine names no gate"),
    ):
        engine_specification(client)
