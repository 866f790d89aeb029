# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to registries, and where their passwords are not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.registry_plan import (
    Step,
    carry_out,
    check,
    diff,
    plan,
    report,
    survey,
    without_password,
)
from tests.unit.small_engine import SmallEngine, speaking

_PASSWORD = 'p4ss "quoted" wörd/+%'
_ROW: dict[str, Any] = {
    "registry": "registry.example.com:5000",
    "name": None,
    "type": None,
    "username": "puller",
    "password": _PASSWORD,
    "verify": None,
    "validate": True,
    "state": "present",
}


def _run(engine: SmallEngine, *rows: dict[str, Any], update_password: str = "on_create") -> list[Step]:
    declared = [{**_ROW, **row} for row in rows]
    check(declared)
    with speaking(engine) as client:
        steps = plan(declared, survey(client), update_password)
        carry_out(client, steps)
    assert _PASSWORD not in json.dumps([report(steps), diff(steps)])
    return steps


def _actions(*arguments: Any, **more: Any) -> list[str]:
    return [step.action for step in _run(*arguments, **more)]


def _fault(engine: SmallEngine, *rows: dict[str, Any]) -> str:
    with pytest.raises(AnchoreError) as caught:
        _run(engine, *rows)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_new_registry_is_made_with_what_an_engine_needs() -> None:
    engine = SmallEngine()
    assert _actions(engine, {}) == ["created"]
    assert engine.bodies == [
        {
            "registry": "registry.example.com:5000",
            "registry_name": "registry.example.com:5000",
            "registry_type": "docker_v2",
            "registry_user": "puller",
            "registry_pass": _PASSWORD,
            "registry_verify": True,
        }
    ]


def test_a_second_run_writes_nothing_but_where_passwords_always_are() -> None:
    engine = SmallEngine()
    _run(engine, {})
    assert _actions(engine, {}) == ["unchanged"]
    assert _actions(engine, {"password": None}) == ["unchanged"]
    steps = _run(engine, {"password": "new"}, update_password="always")
    assert report(steps) == [{"registry": _ROW["registry"], "action": "changed", "password_written": True}]
    assert engine.registries[_ROW["registry"]]["registry_pass"] == "new"
    assert diff(steps)[0]["after"]["password"] == "written anew"


def test_a_change_sends_what_is_not_declared_as_it_was() -> None:
    engine = SmallEngine()
    _run(engine, {"name": "Ours", "verify": False})
    assert _actions(engine, {"username": "other"}) == ["changed"]
    stored = engine.registries[_ROW["registry"]]
    assert (stored["registry_name"], stored["registry_verify"], stored["registry_user"]) == ("Ours", False, "other")


def test_a_change_without_a_password_is_told_before_anything_is_written() -> None:
    engine = SmallEngine()
    _run(engine, {})
    engine.written.clear()
    told = _fault(engine, {"registry": "new.example.com"}, {"verify": False, "password": None})
    assert told == "registry registry.example.com:5000 cannot be changed in the engine without username and password"
    assert engine.written == []


def test_a_registry_that_shall_be_gone_goes_once() -> None:
    engine = SmallEngine()
    _run(engine, {})
    assert _actions(engine, {"state": "absent", "password": None}) == ["deleted"]
    assert _actions(engine, {"state": "absent", "password": None}) == ["unchanged"]
    assert engine.written[1:] == ["DELETE registries/registry.example.com:5000"]


def test_a_part_of_a_repository_is_a_registry_of_its_own() -> None:
    engine = SmallEngine()
    _run(engine, {"registry": "docker.io/library/*"})
    assert _actions(engine, {"registry": "docker.io/library/*", "state": "absent"}) == ["deleted"]


def test_what_the_engine_says_of_a_password_is_not_repeated() -> None:
    told = _fault(SmallEngine(), {"password": "wrong"})
    assert "registry registry.example.com:5000: " in told
    assert "cannot ping supplied registry with ******** as b'********'" in told
    assert _actions(SmallEngine(), {"password": "wrong", "validate": False}) == ["created"]


@pytest.mark.parametrize(
    "form",
    [
        _PASSWORD,
        "p4ss%20%22quoted%22%20w%C3%B6rd%2F%2B%25",
        "p4ss%20%22quoted%22%20w%C3%B6rd/%2B%25",
        base64.b64encode(f"puller:{_PASSWORD}".encode()).decode(),
        _PASSWORD.encode("unicode_escape").decode(),
    ],
)
def test_a_password_is_found_in_every_form_that_it_is_sent_on_in(form: str) -> None:
    assert without_password(f"x {form} y", "puller", _PASSWORD) == "x ******** y"


def test_what_a_cut_left_of_a_password_is_not_shown() -> None:
    message = "Anchore at localhost:8228: POST /v1/registries answered 406: " + ("z" * 490 + _PASSWORD)[:500]
    assert _PASSWORD[:8] not in without_password(message, "puller", _PASSWORD)


@pytest.mark.parametrize("name", ["https://registry.example.com", "registry.example.com/", "", "/x"])
def test_what_is_no_registry_is_told(name: str) -> None:
    assert _fault(SmallEngine(), {"registry": name}).startswith(f"registry: {name!r} must be host:port")


def test_a_registry_is_declared_once() -> None:
    assert _fault(SmallEngine(), {}, {}) == "registries: registry.example.com:5000 is declared twice"
