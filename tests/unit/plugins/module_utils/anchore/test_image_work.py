# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many images at once: what is sent, what one loop sees, and what one failure does to the others."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_plan import (
    Step,
    Wish,
    plan_absent,
    plan_present,
    survey,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_work import (
    add_all,
    remove_all,
    say_what_failed,
    wait_for_all,
)
from tests.lab.anchore.engine import Content, Engine, digest_of
from tests.unit.lab_engine import client_of_lab
from tests.unit.scripted_http import Asked, Reply

TAGS = [f"registry.example.com/shop/image{number}:1" for number in range(20)]


def engine(seconds: float = 0.0) -> Engine:
    made = Engine(seconds)
    made.registry = {tag: Content(digest_of(tag)) for tag in TAGS}
    return made


def planned(client: AnchoreClient, *wishes: Wish, **terms: bool) -> list[Step]:
    options = {"force": False, "refresh": False, **terms}
    return plan_present(wishes, survey(client), **options)


def add(client: AnchoreClient, *wishes: Wish, **terms: bool) -> list[Step]:
    steps = planned(client, *wishes, **terms)
    add_all(client, steps, auto_subscribe=False, parallel=4)
    return steps


def wait(client: AnchoreClient, steps: list[Step], timeout: float = 10.0) -> list[str]:
    said: list[str] = []
    wait_for_all(client, steps, timeout=timeout, interval=0.05, history=False, progress=said.append)
    say_what_failed(steps)
    return said


def test_all_are_sent_side_by_side_and_seen_in_one_loop() -> None:
    with client_of_lab(engine(0.3)) as (client, server):
        steps = add(client, *map(Wish, TAGS))
        said = wait(client, steps)
    assert {step.status for step in steps} == {"analyzed"}
    assert all(step.done and step.seconds > 0 for step in steps)
    assert len(server.connections) <= 5
    looks = [each.path for each in server.asked if each.method == "GET"]
    assert set(looks) == {"/v1/images"}
    assert len(looks) < 12
    assert said[-1].startswith("20 of 20 images analysed after ")


def test_what_is_sent() -> None:
    wishes = (
        Wish(TAGS[0], "", "FROM scratch", {"team": "shop", "old": None}),
        Wish(TAGS[1], digest_of(TAGS[1])),
        Wish(TAGS[2]),
    )
    with client_of_lab(engine()) as (client, server):
        for wish in wishes:
            add(client, wish)
    sent = [each.body for each in server.asked if each.method == "POST"]
    dockerfile = base64.b64encode(b"FROM scratch").decode()
    assert sent[0] == {
        "image_type": "docker",
        "source": {"tag": {"pullstring": TAGS[0], "dockerfile": dockerfile}},
        "annotations": {"team": "shop", "old": "null"},
    }
    pull = f"registry.example.com/shop/image1@{digest_of(TAGS[1])}"
    assert sent[1]["source"] == {"digest": {"pullstring": pull, "tag": TAGS[1]}}
    assert sent[2] == {"image_type": "docker", "source": {"tag": {"pullstring": TAGS[2]}}}
    assert all("autosubscribe=false" in each.path for each in server.asked if each.method == "POST")
    assert not any("force" in each.path for each in server.asked)


def test_images_are_asked_for_by_the_name_that_the_engine_has_and_otherwise_in_full() -> None:
    made = engine()
    made.registry.update({"docker.io/redis:7": Content(digest_of("r")), "docker.io/library/nginx:1": Content("n")})
    with client_of_lab(made) as (client, server):
        client.post("/images", {"tag": "docker.io/redis:7"})
        add(client, Wish("redis:7"), Wish("nginx:1"), force=True)
    pulled = {each.body["source"]["tag"]["pullstring"] for each in server.asked if "source" in (each.body or {})}
    assert pulled == {"docker.io/redis:7", "docker.io/library/nginx:1"}


def test_what_is_analysed_already_is_analysed_again_by_force_alone() -> None:
    with client_of_lab(engine()) as (client, server):
        add(client, Wish(TAGS[0]))
        assert planned(client, Wish(TAGS[0]))[0].action == "unchanged"
        again = add(client, Wish(TAGS[0]), force=True)
    assert again[0].action == "analysed_again"
    assert "force=true" in server.asked[-1].path


def test_an_analysis_that_failed_is_tried_again_by_the_next_run() -> None:
    made = engine()
    made.registry[TAGS[0]] = Content(digest_of(TAGS[0]), broken=True)
    with client_of_lab(made) as (client, _server):
        first = add(client, Wish(TAGS[0]), Wish(TAGS[1]))
        wait(client, first)
        assert [step.error for step in first] == ["the engine could not analyse it", ""]
        made.registry[TAGS[0]] = Content(digest_of(TAGS[0]))
        second = add(client, Wish(TAGS[0]))
        wait(client, second)
    assert (second[0].action, second[0].error) == ("analysed_again", "")


def test_one_that_cannot_be_had_loses_no_other() -> None:
    with client_of_lab(engine()) as (client, _server):
        steps = add(client, Wish("registry.example.com/none:1"), Wish(TAGS[0]))
        wait(client, steps)
    assert "cannot fetch image digest" in steps[0].error
    assert (steps[0].done, steps[1].done, steps[1].error, steps[1].status) == (False, True, "", "analyzed")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "names no image"),
        ({}, "is no list"),
        ([{}], "has no imageDigest"),
        ([{"imageDigest": digest_of("x"), "analysis_status": "analyzed"}], "the engine added sha256:"),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_its_image(value: Any, said: str) -> None:
    def fault(asked: Asked) -> Reply | None:
        return Reply(value=value) if asked.method == "POST" else None

    with client_of_lab(engine(), fault) as (client, _server):
        steps = add(client, Wish(TAGS[0], digest_of(TAGS[0])))
    assert said in steps[0].error


def test_the_wait_ends_in_time() -> None:
    began = time.monotonic()
    with client_of_lab(engine(60)) as (client, _server):
        steps = add(client, *map(Wish, TAGS[:2]))
        wait(client, steps, timeout=0.3)
    assert [step.error for step in steps] == ["not analysed within 0.3 s (analyzing)"] * 2
    assert time.monotonic() - began < 3


def test_an_engine_that_starts_anew_is_waited_for_and_one_that_refuses_is_not() -> None:
    broken = [Reply(503), Reply(raw=b""), Reply(500), Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")]
    awaited = False

    def fault(asked: Asked) -> Reply | None:
        return broken.pop(0) if awaited and broken else None

    with client_of_lab(engine(0.1), fault) as (client, _server):
        steps = add(client, Wish(TAGS[0]))
        awaited = True
        wait(client, steps)
        assert (steps[0].error, steps[0].status, broken) == ("", "analyzed", [])
        refused = [Step(Wish(TAGS[1]), "added", digest_of(TAGS[1]), "analyzing")]
        broken.append(Reply(401))
        wait(client, refused)
    assert refused[0].error.startswith("its analysis could not be awaited (Anchore at ")


def test_an_image_that_somebody_removes_meanwhile_is_an_error() -> None:
    made = engine(60)
    with client_of_lab(made) as (client, _server):
        steps = add(client, Wish(TAGS[0]))
        made.images.clear()
        made._ends.clear()
        wait(client, steps)
    assert steps[0].error == "it was removed while its analysis was awaited"


def test_what_is_gone_already_is_removed() -> None:
    made = engine()
    with client_of_lab(made) as (client, _server):
        add(client, *map(Wish, TAGS[:3]))
        steps = plan_absent([Wish(tag) for tag in TAGS[:3]], survey(client), force=False)
        del made.images[digest_of(TAGS[0])]
        remove_all(client, steps, force=False, parallel=2)
    assert [(step.done, step.error) for step in steps] == [(False, ""), (True, ""), (True, "")]
    assert made.images == {}
