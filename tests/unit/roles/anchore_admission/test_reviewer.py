# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each review is answered in its time, counted and recorded."""

from __future__ import annotations

import asyncio
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bulkhead_admission.decision_log import DecisionLog
from bulkhead_admission.judge import Judge
from bulkhead_admission.metrics import Metrics
from bulkhead_admission.review import BREAK_GLASS, Question
from bulkhead_admission.reviewer import Reviewer, seconds_left
from tests.unit.roles.anchore_admission.reviews import DIGEST, ScriptedScanner, config, evaluation, pod, question


@pytest.mark.parametrize(
    ("asked", "seconds"), [("", 8), ("10s", 8), ("4s", 3), ("500ms", 0.25), ("1m", 8), ("0s", 0), ("ten", 8)]
)
def test_the_time_is_what_the_api_server_waits_less_a_margin(asked: str, seconds: float) -> None:
    assert seconds_left(config(), asked) == seconds


def reviewed(asked: Question, **settings: Any) -> tuple[bool, dict[str, Any], Metrics]:
    """(allowed, the record, the metrics)."""
    stream, metrics = io.StringIO(), Metrics()

    async def work() -> bool:
        with ThreadPoolExecutor(2) as threads:
            scanner = ScriptedScanner(evaluation("stop"))
            judge = Judge(config(**settings), scanner, lambda _reference, _deadline: DIGEST, threads, metrics)
            reviewer = Reviewer(config(**settings), judge, metrics, DecisionLog(stream))
            return (await reviewer.answer("validate", asked, 5)).allowed

    allowed = asyncio.run(work())
    (line,) = stream.getvalue().splitlines()
    return allowed, json.loads(line), metrics


def test_a_refusal_is_recorded_with_what_decided() -> None:
    allowed, record, metrics = reviewed(question(pod("web:1")), policy_id="p")
    assert allowed is False
    assert {key: record[key] for key in ("uid", "namespace", "name", "user", "why", "policy", "allowed")} == {
        "uid": "u-1",
        "namespace": "shop",
        "name": "web",
        "user": "jane",
        "why": "refused",
        "policy": "p",
        "allowed": False,
    }
    (image,) = record["images"]
    assert (image["image"], image["digest"], image["action"]) == ("web:1", DIGEST, "stop")
    assert metrics.total("reviews", allowed="false", why="refused") == 1


def test_exempt_images_are_left_out() -> None:
    allowed, record, _metrics = reviewed(question(pod("web:1")), exemptions={"images": ["docker.io/library/*"]})
    assert (allowed, record["why"]) == (True, "exempt_images")


@pytest.mark.parametrize(("dry_run", "counted"), [(False, 1), (True, 0)])
def test_break_glass_is_counted_where_it_has_an_effect(dry_run: bool, counted: int) -> None:
    asked = question(pod("web:1", annotations={BREAK_GLASS: "INC-7"}), dryRun=dry_run)
    allowed, record, metrics = reviewed(asked, break_glass={"users": ["jane"]})
    assert (allowed, record["break_glass"], record["images"]) == (True, "INC-7", [{"image": "web:1"}])
    assert metrics.total("break_glass") == counted
