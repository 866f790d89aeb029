# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine decides, and that nothing is done twice whatever is delivered again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bulkhead_response.alert import Alert
from bulkhead_response.engine import Verdict
from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.journal import Entry
from bulkhead_response.outcome import DONE, FAILED, REFUSED, Outcome
from bulkhead_response.pod_facts import PodFacts, PodSight
from bulkhead_response.step import Context
from tests.unit.roles.response_engine.response_play import MemoryJournal, Play, rule, shell


def _unreachable(_alert: Alert, _context: Context) -> Outcome:
    raise Unreachable("the API server does not answer", 7)


def _faulty(_alert: Alert, _context: Context) -> Outcome:
    raise KeyError("x")


def test_steps_are_run_in_their_order_and_the_decision_says_so() -> None:
    play = Play({"rules": [rule()]})
    [decision] = play.decide(shell()).decisions
    assert (decision.status, decision.rule, decision.id) == ("acted", "shells", "alert-0001.shells")
    assert [(step.step, step.status) for step in decision.steps] == [("act", "done"), ("tell", "done")]


def test_an_alert_that_comes_again_is_answered_once() -> None:
    play = Play({"rules": [rule()]})
    for attempt in (1, 2, 3):
        assert play.status(shell(), attempt) == ["acted"]
    play.new_engine("another")
    assert play.status(shell(), 4) == ["acted"]
    assert len(play.ran) == 2


def test_the_same_alert_twice_at_once_is_answered_once() -> None:
    play = Play({"rules": [rule()]})

    async def both() -> tuple[Verdict, Verdict]:
        return await asyncio.gather(play.engine.decide(shell()), play.engine.decide(shell()))

    first, second = asyncio.run(both())
    assert [v.decisions[0].status for v in (first, second)] == ["acted", "acted"]
    assert len(play.ran) == 2


def test_a_target_is_answered_once_within_its_window() -> None:
    play = Play({"rules": [rule(dedup_seconds=60)]})
    same = Alert(**{**shell(1).__dict__, "id": "alert-0009"})
    assert play.status(shell(1)) == ["acted"]
    assert play.status(same) == ["deduplicated"]
    assert play.status(shell(2)) == ["acted"]
    play.now += 61
    assert play.status(Alert(**{**same.__dict__, "id": "alert-0010"})) == ["acted"]


def test_windows_are_known_after_a_restart() -> None:
    play = Play({"rules": [rule(dedup_seconds=60)]})
    play.status(shell(1))
    play.new_engine("another")
    assert play.status(Alert(**{**shell(1).__dict__, "id": "alert-0009"})) == ["deduplicated"]


def test_an_alert_whose_action_failed_does_not_swallow_the_next() -> None:
    play = Play({"rules": [rule(dedup_seconds=60)]})
    play.acts["act"] = lambda _alert, _context: Outcome(FAILED, "no")
    assert play.status(shell(1)) == ["failed"]
    del play.acts["act"]
    assert play.status(Alert(**{**shell(1).__dict__, "id": "alert-0009"})) == ["acted"]


def test_what_is_unreachable_is_tried_again_and_fails_in_the_end() -> None:
    play = Play({"rules": [rule()], "limits": {"max_deliver": 3}})
    play.acts["act"] = _unreachable
    verdict = play.decide(shell(), 1)
    assert verdict.waiting is not None
    assert verdict.waiting.after == 7
    assert play.status(shell(), 2) == ["waiting"]
    assert [step for step, _alert, _dry in play.ran] == ["act", "act"]  # nobody is told before the end is known
    assert play.status(shell(), 3) == ["failed"]
    assert play.ran[-1][0] == "tell"


def test_a_notification_that_fails_does_not_hold_up_the_actions() -> None:
    play = Play({"rules": [{"name": "a", "steps": [{"notify": "tell"}, {"action": "act"}]}]})
    play.acts["tell"] = _unreachable
    assert play.status(shell(), 1) == ["waiting"]
    assert [step for step, _alert, _dry in play.ran] == ["tell", "act"]
    del play.acts["tell"]
    assert play.status(shell(), 2) == ["acted"]
    assert [step for step, _alert, _dry in play.ran] == ["tell", "act", "tell"]


@pytest.mark.parametrize("outcome", [Outcome(FAILED, "no"), Outcome(REFUSED, "no")])
def test_after_an_action_that_did_not_succeed_no_other_is_run_unless_it_is_said_so(outcome: Outcome) -> None:
    steps: list[dict[str, Any]] = [{"action": "act"}, {"action": "second"}, {"notify": "tell"}]
    for on_failure, ran in (("stop", ["act", "tell"]), ("continue", ["act", "second", "tell"])):
        steps[0]["on_failure"] = on_failure
        play = Play({"rules": [rule(steps=steps)]})
        play.acts["act"] = lambda _alert, _context: outcome
        assert play.status(shell()) == [outcome.status]
        assert [step for step, _alert, _dry in play.ran] == ran


def test_a_notification_is_sent_in_the_states_that_it_is_for() -> None:
    steps = [{"action": "act"}, {"notify": "tell", "on": ["failed"]}]
    play = Play({"rules": [rule(steps=steps)]})
    play.status(shell(1))
    assert [step for step, _alert, _dry in play.ran] == ["act"]
    play.acts["act"] = lambda _alert, _context: Outcome(FAILED, "no")
    play.status(shell(2))
    assert play.ran[-1][0] == "tell"


def test_a_step_in_doubt_is_run_again_with_the_same_key_or_given_up() -> None:
    for on_doubt, status, times in (("again", "acted", 1), ("skip", "failed", 0)):
        journal = MemoryJournal()
        journal.entries["alert-0001.shells-0"] = Entry(None, "a runner that is gone", 5)
        play = Play({"rules": [rule(steps=[{"action": "act", "on_doubt": on_doubt}])]}, journal)
        assert play.status(shell(), 1) == ["waiting"]  # it may be at work yet
        assert play.status(shell(), 2) == [status]
        assert len(play.ran) == times


def test_the_key_is_that_of_the_step_of_the_alert() -> None:
    one, other = Play({"rules": [rule()]}), Play({"rules": [rule()]})
    one.decide(shell(1))
    other.decide(shell(1))
    other.decide(shell(2))
    assert one.keys == other.keys[:2]
    assert len(set(other.keys)) == 4
    assert all(len(key) == 32 and key.isalnum() for key in one.keys)


def test_nothing_is_begun_that_cannot_be_journalled() -> None:
    play = Play({"rules": [rule()]})
    play.journal.fails = Unreachable("the stream is full")
    assert play.status(shell()) == ["waiting"]
    assert play.ran == []


def test_a_fault_in_a_step_is_a_failure_and_not_the_end() -> None:
    play = Play({"rules": [rule()]})
    play.acts["act"] = _faulty
    [decision] = play.decide(shell()).decisions
    assert (decision.status, decision.reason) == ("failed", "act: a fault of the runner: KeyError")


def test_more_actions_than_are_allowed_are_not_taken() -> None:
    play = Play({"rules": [rule(actions_per_minute=2)]})
    assert [play.status(shell(number))[0] for number in range(4)] == ["acted", "acted", "rate_limited", "rate_limited"]
    play.now += 30
    assert play.status(shell(5)) == ["acted"]


def test_what_was_begun_is_ended_whatever_the_limit_says() -> None:
    play = Play({"rules": [rule(actions_per_minute=1)]})
    play.acts["act"] = _unreachable
    play.status(shell(1), 1)
    del play.acts["act"]
    play.new_engine("me")
    play.status(shell(2), 1)
    assert play.status(shell(1), 2) == ["acted"]


@pytest.mark.parametrize("namespace", ["kube-system", "elsewhere", ""])
def test_where_nothing_may_be_done_nothing_is_done_and_somebody_told(namespace: str) -> None:
    play = Play({"allowed_namespaces": ["shop", "kube-*"], "rules": [rule()]})
    assert play.status(shell(1, namespace=namespace)) == ["protected"]
    assert [step for step, _alert, _dry in play.ran] == ["tell"]


@pytest.mark.parametrize("steps", [[{"action": "act"}, {"notify": "k8s_event"}], [{"notify": "k8s_event"}]])
def test_no_event_is_written_where_nothing_may_be_done(steps: list[dict[str, str]]) -> None:
    play = Play({"rules": [rule(steps=steps)]})
    assert play.status(shell(1, namespace="kube-system")) == ["protected"]
    assert play.ran == []
    assert play.status(shell(2)) == ["acted"]
    assert play.ran[-1][0] == "k8s_event"


def test_no_pod_is_looked_at_where_nothing_may_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whoever sends alerts could make the engine ask for ever what it may not know."""

    async def refuse(_sight: PodSight) -> PodFacts:
        raise Unreachable("403 Forbidden")

    monkeypatch.setattr(PodSight, "facts", refuse)
    play = Play({"rules": [rule(match={"labels": {"app": "web"}})]})
    assert play.status(shell(1, namespace="elsewhere")) == ["protected"]
    assert play.status(shell(2)) == ["waiting"]
    assert play.ran == []


def test_no_container_of_the_pod_may_be_of_a_protected_image(monkeypatch: pytest.MonkeyPatch) -> None:
    async def see(_sight: PodSight) -> PodFacts:
        return PodFacts({}, ("registry.example.com/web:1", "registry.example.com/payment/api:2"))

    monkeypatch.setattr(PodSight, "facts", see)
    play = Play({"protected_images": ["registry.example.com/payment/*"], "rules": [rule()]})
    assert play.status(shell()) == ["protected"]


def test_a_dry_run_says_what_it_would_do_and_leaves_no_trace() -> None:
    play = Play({"rules": [rule(dry_run=True)]})
    assert play.status(shell()) == ["dry_run"]
    assert [dry for _step, _alert, dry in play.ran] == [True, True]
    assert not play.journal.entries
    assert not play.journal.windows


def test_rules_are_followed_in_order_until_one_does_not_go_on() -> None:
    rules = [rule(**{"name": name, "continue": name == "a"}) for name in "abc"]
    play = Play({"rules": rules})
    assert [decision.rule for decision in play.decide(shell()).decisions] == ["a", "b"]


def test_a_rule_that_waits_does_not_hold_up_the_next() -> None:
    rules = [rule(**{"continue": True}), rule(name="other", steps=[{"action": "second"}])]
    play = Play({"rules": rules})
    play.acts["act"] = _unreachable
    assert play.status(shell()) == ["acted", "waiting"]


def test_an_alert_that_nobody_is_for_is_no_match() -> None:
    play = Play({"rules": [rule(match={"rules": ["Other"]})]})
    assert not play.engine.concerns(shell())
    assert play.status(shell()) == ["no_match"]


def test_a_step_that_takes_too_long_is_tried_again() -> None:
    play = Play({"rules": [rule()], "limits": {"step_timeout": 0.1}})

    class Slow:
        async def run(self, _alert: Alert, _context: Context) -> Outcome:
            await asyncio.sleep(60)
            return Outcome(DONE, "")

    object.__setattr__(play.engine._rules[0].steps[0], "step", Slow())
    verdict = play.decide(shell())
    assert verdict.waiting is not None
    assert "did not end within 0.1 s" in str(verdict.waiting)


def test_a_step_that_there_is_not_is_refused_by_its_place() -> None:
    with pytest.raises(ConfigError, match=r"rules\[0\].steps\[0\].action is 'delete_pods'; did you mean delete_pod\?"):
        Play({"rules": [rule(steps=[{"action": "delete_pods"}])]})
    with pytest.raises(ConfigError, match=r"rules\[0\].steps\[0\].params \(delete_pod\): "):
        Play({"rules": [rule(steps=[{"action": "delete_pod", "params": {"grace": 5}}])]})


def test_a_dead_letter_that_is_published_anew_runs_what_had_failed() -> None:
    play = Play({"rules": [rule(steps=[{"action": "act"}, {"action": "second"}])]})
    play.acts["second"] = lambda _alert, _context: Outcome(FAILED, "no")
    assert play.status(shell()) == ["failed"]
    del play.acts["second"]
    assert play.status(shell()) == ["acted"]
    assert [step for step, _alert, _dry in play.ran] == ["act", "second", "second"]
