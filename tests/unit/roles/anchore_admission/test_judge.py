# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is judged by its content, once; and without a verdict there is a kind of failure, never a guess."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bulkhead_admission.judge import Judge, Resolve
from bulkhead_admission.metrics import Metrics
from bulkhead_admission.verdict import Verdict
from tests.unit.roles.anchore_admission.reviews import (
    DIGEST,
    OTHER,
    ScriptedScanner,
    config,
    evaluation,
    failing,
)

WEB = "registry.example.com/web:1"


def always(digest: str) -> Resolve:
    return lambda _reference, _deadline: digest


def judged(
    scanner: ScriptedScanner, *images: str, resolve: Resolve | None = None, seconds: float = 5, **settings: Any
) -> tuple[Verdict, ...]:
    """The verdicts, of one review after the other."""

    async def work() -> tuple[Verdict, ...]:
        with ThreadPoolExecutor(4) as threads:
            judge = Judge(config(**settings), scanner, resolve or always(DIGEST), threads, Metrics())
            found: list[Verdict] = []
            for image in images:
                found += await judge.verdicts_of([image], "p", time.monotonic() + seconds)
            await judge.close()
            return tuple(found)

    return asyncio.run(work())


def test_a_tag_is_judged_by_its_content_and_asked_about_once() -> None:
    scanner = ScriptedScanner(evaluation("go"))
    verdicts = judged(scanner, WEB, WEB)
    assert [each.digest for each in verdicts] == [DIGEST, DIGEST]
    assert [each.source for each in verdicts] == ["made", "fresh"]
    assert scanner.asked == [(WEB, DIGEST, "p")]


def test_the_same_content_under_another_name_is_another_question() -> None:
    scanner = ScriptedScanner(evaluation("go"))
    judged(scanner, WEB, "registry.example.com/other:1")
    assert [reference for reference, _digest, _policy in scanner.asked] == [WEB, "registry.example.com/other:1"]


def test_a_digest_is_asked_of_no_registry() -> None:
    def nobody(_reference: str, _deadline: float) -> str:
        raise AssertionError

    scanner = ScriptedScanner(evaluation("stop"))
    (verdict,) = judged(scanner, f"registry.example.com/web@{DIGEST}", resolve=nobody)
    assert verdict.refused
    assert scanner.asked == [(f"registry.example.com/web@{DIGEST}", DIGEST, "p")]


def test_a_scanner_that_speaks_of_another_content_is_not_believed() -> None:
    (verdict,) = judged(ScriptedScanner(evaluation("go", OTHER)), WEB)
    assert verdict.failure == "wrong_digest"


@pytest.mark.parametrize("kind", ["unreachable", "unauthorised", "not_analysed", "invalid_answer"])
def test_the_kind_of_a_failure_is_passed_on(kind: str) -> None:
    (verdict,) = judged(ScriptedScanner(failing(kind)), WEB)
    assert (verdict.failure, verdict.message) == (kind, "the engine is away")


def test_a_fault_of_ours_is_a_failure_too(caplog: pytest.LogCaptureFixture) -> None:
    (verdict,) = judged(ScriptedScanner(KeyError("secret")), WEB)
    assert verdict.failure == "internal"
    assert "secret" not in verdict.message
    assert "nobody thought of" in caplog.text


def _registry_is_away(_reference: str, _deadline: float) -> str:
    raise failing("unreachable")


@pytest.mark.parametrize(
    ("image", "resolve"),
    [
        (WEB, _registry_is_away),
        (WEB, always("sha512:abc")),
        ("sha256:" + "c" * 64, always(DIGEST)),
        (f"registry.example.com/web@sha256:{'A' * 64}", always(DIGEST)),
        ("x" * 5000, always(DIGEST)),
    ],
)
def test_what_has_no_digest_is_unresolved(image: str, resolve: Resolve) -> None:
    scanner = ScriptedScanner(evaluation("go"))
    (verdict,) = judged(scanner, image, resolve=resolve)
    assert (verdict.failure, scanner.asked) == ("unresolved", [])


def test_a_digest_can_be_required() -> None:
    (verdict,) = judged(ScriptedScanner(evaluation("go")), WEB, require_digest=True)
    assert verdict.failure == "no_digest"


def test_a_review_waits_no_longer_than_it_can_and_a_later_one_finds_the_verdict() -> None:
    go_on = threading.Event()

    class Slow(ScriptedScanner):
        def evaluate(self, *arguments: Any, **options: Any) -> Any:
            go_on.wait(30)
            return super().evaluate(*arguments, **options)

    scanner = Slow(evaluation("go"))

    async def work() -> list[Verdict]:
        with ThreadPoolExecutor(4) as threads:
            judge = Judge(config(), scanner, always(DIGEST), threads, Metrics())
            (first,) = await judge.verdicts_of([WEB], "", time.monotonic() + 0.2)
            go_on.set()
            while judge.verdicts.in_flight:
                await asyncio.sleep(0.01)
            (second,) = await judge.verdicts_of([WEB], "", time.monotonic() + 0.2)
            return [first, second]

    first, second = asyncio.run(work())
    assert (first.failure, second.failure, second.source) == ("timeout", "", "fresh")
    assert len(scanner.asked) == 1


def test_a_registry_that_is_slow_on_purpose_is_no_slow_scanner() -> None:
    go_on = threading.Event()

    def slow(_reference: str, _deadline: float) -> str:
        go_on.wait(30)
        return DIGEST

    async def work() -> Verdict:
        with ThreadPoolExecutor(4) as threads:
            judge = Judge(config(), ScriptedScanner(evaluation("go")), slow, threads, Metrics())
            (verdict,) = await judge.verdicts_of([WEB], "", time.monotonic() + 0.1)
            go_on.set()
            await judge.close()
            return verdict

    verdict = asyncio.run(work())
    assert (verdict.failure, "registry" in verdict.message) == ("unresolved", True)


def test_images_of_a_review_are_judged_side_by_side() -> None:
    together = threading.Barrier(6)

    class Waiting(ScriptedScanner):
        def evaluate(self, *arguments: Any, **options: Any) -> Any:
            together.wait(30)  # for the others, who have to come before this one is answered
            return super().evaluate(*arguments, **options)

    async def work() -> tuple[Verdict, ...]:
        with ThreadPoolExecutor(8) as threads:
            judge = Judge(config(), Waiting(evaluation("go")), always(DIGEST), threads, Metrics())
            images = [f"registry.example.com/{name}:1" for name in "abcdef"]
            return await judge.verdicts_of(images, "", time.monotonic() + 30)

    assert [each.failure for each in asyncio.run(work())] == [""] * 6


@pytest.mark.parametrize(("wanted", "requested"), [(True, [DIGEST]), (False, [])])
def test_an_analysis_is_asked_for_where_that_is_wanted(wanted: bool, requested: list[str]) -> None:
    scanner = ScriptedScanner(failing("unknown_image"))
    (verdict,) = judged(scanner, WEB, request_analysis=wanted)
    assert verdict.failure == ("not_analysed" if wanted else "unknown_image")
    assert scanner.requested == requested


def test_a_moved_tag_is_judged_by_what_it_is_now() -> None:
    digests = [DIGEST, OTHER]

    def resolve(_reference: str, _deadline: float) -> str:
        return digests.pop(0)

    scanner = ScriptedScanner(evaluation("go"), evaluation("stop", OTHER))
    first, second = judged(scanner, WEB, WEB, resolve=resolve, cache={"tag": 0})
    assert (first.refused, second.refused) == (False, True)


def test_a_verdict_holds_while_the_scanner_is_away() -> None:
    answers: list[Any] = [evaluation("go"), failing("unreachable")]
    verdicts = judged(ScriptedScanner(*answers), WEB, WEB, cache={"verdict": 0, "stale": 60})
    assert [each.failure for each in verdicts] == ["", ""]
    later = judged(ScriptedScanner(*answers), WEB, WEB, cache={"verdict": 0, "stale": 0})
    assert [each.failure for each in later] == ["", "unreachable"]
