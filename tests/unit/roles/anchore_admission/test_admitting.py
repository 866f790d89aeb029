# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided at once, for whom, and what verdicts come to."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_admission.admitting import at_once, decided, exempt_images, policy_of
from bulkhead_admission.review import BREAK_GLASS
from bulkhead_admission.verdict import Verdict
from tests.unit.roles.anchore_admission.reviews import DIGEST, config, evaluation, pod, question

NOTED = pod("a", annotations={BREAK_GLASS: "INC-7"})
REPLICASET = "system:serviceaccount:kube-system:replicaset-controller"


def why(manifest: Any, before: Any = None, *, settings: Any = None, **request: Any) -> tuple[str, bool] | None:
    decision = at_once(question(manifest, before, **request), config(**(settings or {})))
    return (decision.why, decision.answer.allowed) if decision else None


@pytest.mark.parametrize("namespace", ["kube-system", "bulkhead-admission", "team-a"])
def test_exempt_namespaces_are_not_judged(namespace: str) -> None:
    settings = {"exemptions": {"namespaces": ["team-*"]}}
    assert why(pod("a"), namespace=namespace, settings=settings) == ("exempt_namespace", True)


def test_a_namespace_is_not_exempt_by_a_part_of_its_name() -> None:
    assert why(pod("a"), namespace="kube-system-2") is None
    assert why(pod("a"), namespace="") is None


def test_exempt_users_and_groups() -> None:
    assert why(pod("a"), settings={"exemptions": {"users": ["jan*"]}}) == ("exempt_user", True)
    assert why(pod("a"), settings={"exemptions": {"groups": ["developers"]}}) == ("exempt_user", True)
    assert why(pod("a"), settings={"exemptions": {"groups": ["developer"]}}) is None


def test_nothing_new_is_not_judged() -> None:
    assert why(pod("a"), pod("a")) == ("unchanged", True)
    assert why({"data": {}}, kind="ConfigMap") == ("no_images", True)


def test_break_glass_is_for_those_who_are_named() -> None:
    assert why(NOTED) == ("break_glass_refused", False)
    for allowed in ({"users": ["jane"]}, {"groups": ["developers"]}):
        assert why(NOTED, settings={"break_glass": allowed}) == ("break_glass", True)
    empty = pod("a", annotations={BREAK_GLASS: "  "})
    assert why(empty, settings={"break_glass": {"users": ["jane"]}}) == ("break_glass_refused", False)


def test_controllers_pass_on_what_such_a_person_wrote_and_nobody_else_can_set_it() -> None:
    assert why(NOTED, userInfo={"username": REPLICASET}) == ("break_glass", True)
    # Without a change of images, yet pods would be made of it: it is setting the annotation that is refused.
    assert why(NOTED, pod("a")) == ("break_glass_refused", False)
    # Whoever does not touch it may work on the object.
    assert why(NOTED, NOTED) == ("unchanged", True)
    # New images under an old annotation need one of those again.
    other = pod("b", annotations={BREAK_GLASS: "INC-7"})
    assert why(other, NOTED) == ("break_glass_refused", False)


def test_the_policy_is_that_of_the_path_then_of_the_namespace() -> None:
    policies = [
        {"name": "strict", "policy_id": "s", "namespaces": ["shop", "pay-*"]},
        {"name": "lax", "policy_id": "l"},
    ]
    whole = config(policies=policies, policy_id="base")
    assert policy_of(question(pod("a")), whole) == "s"
    assert policy_of(question(pod("a")), whole, "lax") == "l"
    assert policy_of(question(pod("a"), namespace="blog"), whole) == "base"


def test_images_are_exempt_by_their_full_name() -> None:
    exemptions = config(exemptions={"images": ["docker.io/library/*", "registry.example.com/base:1"]}).exemptions
    images = ("nginx", "nginx@" + DIGEST, "registry.example.com/base:1", "registry.example.com/base:2", "evil/nginx")
    assert exempt_images(question(pod(*images)), exemptions).images == ("registry.example.com/base:2", "evil/nginx")


def test_a_refusal_says_what_and_why_and_what_to_do() -> None:
    decision = decided([Verdict("web:1", DIGEST, evaluation("stop", reasons=5))], "", {})
    assert not decision.answer.allowed
    for words in ("web:1", DIGEST, "policy baseline", "HIGH 0", "and 2 more", "mend the image"):
        assert words in decision.answer.message
    assert decision.answer.annotations["images"] == f"web:1={DIGEST}"


def test_a_warning_lets_it_in_and_is_told() -> None:
    decision = decided([Verdict("web:1", DIGEST, evaluation("warn"))], "p", {})
    assert (decision.why, decision.answer.allowed) == ("warned", True)
    assert "HIGH 0" in decision.answer.warnings[0]


def test_one_image_refuses_the_whole_object_and_open_failures_are_told() -> None:
    failed = Verdict("b:1", failure="timeout", message="slow")
    good = Verdict("a:1", DIGEST, evaluation("go"))
    assert decided([good, failed], "", {"timeout": "closed"}).why == "failed_closed"
    opened = decided([good, failed], "", {"timeout": "open"})
    assert (opened.why, opened.answer.allowed) == ("failed_open", True)
    assert "NOT judged" in opened.answer.warnings[0]
    assert opened.answer.annotations["failed-open"] == "b:1: timeout"
    bad = Verdict("c:1", DIGEST, evaluation("stop"))
    assert decided([failed, bad], "", {"timeout": "open"}).why == "refused"


def test_a_kind_that_nobody_has_heard_of_is_closed() -> None:
    assert not decided(
        [Verdict("a", failure="no_digest")], "", config(failure={"default": "open"}).failure
    ).answer.allowed


def test_texts_of_others_stay_in_one_line() -> None:
    hostile = Verdict("web\n\x1b[2J:1", failure="timeout", message="a\r\nb" + "x" * 5000)
    message = decided([hostile], "", {}).answer.message
    assert message.isprintable()
    assert len(message) < 1000
