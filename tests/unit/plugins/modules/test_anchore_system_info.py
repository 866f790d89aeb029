# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_system_info as a module: facts alone, or findings with them."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.modules import anchore_system_info
from tests.unit.documented_options import documented, taken
from tests.unit.plugins.module_utils.anchore.test_system_facts import ANSWERS
from tests.unit.run_on_engine import run_on
from tests.unit.small_engine import SmallEngine


def test_the_documentation_is_of_the_options_there_are() -> None:
    assert documented(anchore_system_info) == taken(anchore_system_info)


def test_facts_come_without_a_judgement_unless_asked_for() -> None:
    answer = run_on(SmallEngine(answers=dict(ANSWERS)), "anchore_system_info")
    assert (answer["changed"], answer["version"], answer["requests"]) == (False, "1.1.0", 3)
    assert "findings" not in answer


def test_findings_come_with_what_a_report_needs() -> None:
    engine = SmallEngine(answers=dict(ANSWERS))
    answer = run_on(engine, "anchore_system_info", max_feed_age_hours=48, target="engine")
    assert ("anchore.service.up", "fail") in {(each["control"], each["status"]) for each in answer["findings"]}
    assert {each["target"] for each in answer["findings"]} == {"engine"}
    assert answer["summary"]["severity"]["high"] >= 2
    assert answer["collected_at"].endswith("Z")


def test_an_override_of_an_unknown_control_is_one_sentence() -> None:
    engine = SmallEngine(answers=dict(ANSWERS))
    answer = run_on(engine, "anchore_system_info", max_feed_age_hours=48, overrides={"x": {"enabled": False}})
    assert (answer["failed"], answer["msg"]) == (True, "overrides: there is no control 'x'")


def test_an_engine_that_is_not_there_is_one_sentence() -> None:
    answer = run_on(SmallEngine(), "anchore_system_info")
    assert answer["failed"]
    assert "answered 404" in answer["msg"]
