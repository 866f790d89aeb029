# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.subscription_plan import (
    Step,
    carry_out,
    check,
    diff,
    plan,
    report,
    survey,
)
from tests.unit.scripted_http import Reply
from tests.unit.small_engine import SmallEngine, speaking

_KEY = "docker.io/library/nginx:1.27"
_ROW: dict[str, Any] = {"key": _KEY, "types": ["tag_update"], "active": True, "state": "present"}


def _run(engine: SmallEngine, *rows: dict[str, Any]) -> list[Step]:
    declared = [{**_ROW, **row} for row in rows]
    check(declared)
    with speaking(engine) as client:
        steps = plan(declared, survey(client))
        carry_out(client, steps)
    return steps


def _actions(engine: SmallEngine, *rows: dict[str, Any]) -> list[str]:
    return [step.action for step in _run(engine, *rows)]


@pytest.mark.parametrize("deaf", [False, True])
def test_a_subscription_is_made_active_whatever_the_engine_does_with_the_word(deaf: bool) -> None:
    engine = SmallEngine(deaf=deaf)
    assert _actions(engine, {"types": ["tag_update", "vuln_update"]}) == ["created", "created"]
    assert [record["active"] for record in engine.subscriptions.values()] == [True, True]
    assert _actions(engine, {"types": ["tag_update", "vuln_update"]}) == ["unchanged", "unchanged"]


def test_it_is_switched_off_and_removed() -> None:
    engine = SmallEngine()
    _run(engine, {})
    steps = _run(engine, {"active": False})
    assert report(steps) == [{"key": _KEY, "type": "tag_update", "action": "changed", "active": False}]
    assert diff(steps) == {
        "before": {f"{_KEY} tag_update": "active"},
        "after": {f"{_KEY} tag_update": "inactive"},
    }
    assert _actions(engine, {"state": "absent"}) == ["deleted"]
    assert (_actions(engine, {"state": "absent"}), engine.subscriptions) == (["unchanged"], {})


@pytest.mark.parametrize("key", ["nginx", "nginx:1.27", "docker.io/nginx", "library/nginx:1", "docker.io/a@sha256:0"])
def test_a_key_that_names_no_tag_would_watch_nothing(key: str) -> None:
    with pytest.raises(AnchoreError, match="must be registry/repository:tag, such as"):
        check([{**_ROW, "key": key}])


@pytest.mark.parametrize("key", [_KEY, "localhost/a:1", "registry.example.com:5000/team/a:1.0", "host:5000/a:1"])
def test_a_key_with_registry_and_tag_is_taken(key: str) -> None:
    check([{**_ROW, "key": key}])


def test_what_is_declared_twice_or_of_no_type_is_told() -> None:
    with pytest.raises(AnchoreError, match=f"tag_update of {_KEY} is declared twice"):
        check([_ROW, _ROW])
    with pytest.raises(AnchoreError, match="names none of tag_update, analysis_update"):
        check([{**_ROW, "types": []}])


def test_an_engine_that_does_not_tell_what_it_made_is_told_of() -> None:
    engine = SmallEngine()
    with speaking(engine) as client:
        steps = plan([_ROW], survey(client))
        engine.answers["subscriptions"] = Reply(value=[])
        with pytest.raises(AnchoreError, match="did not tell of tag_update of"):
            carry_out(client, steps)
