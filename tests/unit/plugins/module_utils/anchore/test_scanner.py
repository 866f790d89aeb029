# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as a scanner: which of its answers is a verdict, and what every other one is called."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import KINDS, AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.scanner import (
    AnchoreScanner,
    scanner_error,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images import scanner as interface
from tests.lab.anchore.engine import Content, Engine, digest_of
from tests.unit.lab_engine import client_of_lab
from tests.unit.scripted_http import Asked, Reply

TAG, DIGEST = "registry.example.com/shop/web:1", digest_of("web")
STOPPED = [("CVE-1+x", "vulnerabilities", "package", "HIGH", "stop")]


def engine(seconds: float = 0.0, broken: bool = False) -> Engine:
    made = Engine(seconds)
    made.registry[TAG] = Content(DIGEST, STOPPED, broken=broken)
    made.answer("POST", "/images", {}, {"tag": TAG})
    return made


def no_verdict(
    made: Engine,
    reference: str = TAG,
    digest: str = DIGEST,
    policy: str = "",
    fault: Callable[[Asked], Reply | None] = lambda asked: None,
) -> interface.ScannerError:
    with client_of_lab(made, fault) as (client, _server), pytest.raises(interface.ScannerError) as caught:
        AnchoreScanner(client).evaluate(reference, digest, policy)
    assert "s3cret-word" not in str(caught.value)
    return caught.value


def test_a_verdict_costs_one_request() -> None:
    with client_of_lab(engine()) as (client, server):
        found = AnchoreScanner(client).evaluate(TAG, DIGEST)
    assert (found.action, found.reference, found.digest) == ("stop", TAG, DIGEST)
    assert [each.method for each in server.asked] == ["GET"]


def test_an_image_that_is_named_by_its_digest_alone_is_found_by_its_repository() -> None:
    reference = f"registry.example.com/shop/web@{DIGEST}"
    with client_of_lab(engine()) as (client, _server):
        found = AnchoreScanner(client).evaluate(reference, DIGEST)
    assert (found.action, found.reference) == ("stop", reference)
    other = no_verdict(engine(), f"registry.example.com/shop/api@{DIGEST}")
    assert other.kind == "unknown_image"


def test_its_analysis_is_asked_for_under_a_name_of_its_own() -> None:
    made = Engine(0.0)
    made.registry[TAG] = Content(DIGEST)
    with client_of_lab(made) as (client, server):
        AnchoreScanner(client).request_analysis(f"registry.example.com/shop/web@{DIGEST}", DIGEST)
    source = server.asked[-1].body["source"]["digest"]
    assert source["pullstring"] == f"registry.example.com/shop/web@{DIGEST}"
    assert source["tag"] == f"registry.example.com/shop/web:{DIGEST[:19].replace(':', '-')}"


def test_the_engine_is_asked_by_the_name_that_it_has() -> None:
    made = Engine(0.0)
    made.registry["docker.io/nginx:1"] = Content(DIGEST)
    made.answer("POST", "/images", {}, {"tag": "docker.io/nginx:1"})
    with client_of_lab(made) as (client, _server):
        assert AnchoreScanner(client).evaluate("nginx:1", DIGEST).action == "go"


def test_why_there_is_no_verdict() -> None:
    assert no_verdict(engine(), digest=digest_of("other")).kind == "unknown_image"
    assert no_verdict(engine(), digest=digest_of("other"), policy="default").kind == "unknown_image"
    assert no_verdict(engine(60)).kind == "not_analysed"
    assert no_verdict(engine(broken=True)).kind == "analysis_failed"
    other = no_verdict(engine(), "registry.example.com/shop/other:1")
    assert (other.kind, "only as registry.example.com/shop/web:1" in str(other)) == ("unknown_image", True)
    missing = no_verdict(engine(), policy="nowhere")
    assert (missing.kind, "no policy nowhere" in str(missing)) == ("policy", True)


def test_an_engine_that_judges_by_another_policy_than_was_asked_for_is_not_believed() -> None:
    made = engine()
    judged = Reply(value=made.answer("GET", f"/images/{DIGEST}/check", {"tag": TAG}, None))
    wrong = no_verdict(made, policy="strict", fault=lambda asked: judged)
    assert (wrong.kind, str(wrong).endswith("judged by default")) == ("invalid_answer", True)


def test_a_deadline_that_has_passed_asks_nobody() -> None:
    with client_of_lab(engine()) as (client, server), pytest.raises(interface.ScannerError) as caught:
        AnchoreScanner(client).evaluate(TAG, DIGEST, deadline=time.monotonic() - 1)
    assert (caught.value.kind, server.asked) == ("timeout", [])


def test_an_analysis_is_asked_for_by_digest() -> None:
    made = Engine(0.0)
    made.registry[TAG] = Content(DIGEST)
    with client_of_lab(made) as (client, server):
        AnchoreScanner(client).request_analysis(TAG, DIGEST)
        assert AnchoreScanner(client).evaluate(TAG, DIGEST).action == "go"
        with pytest.raises(interface.ScannerError) as caught:
            AnchoreScanner(client).request_analysis("registry.example.com/none:1", digest_of("none"))
    assert caught.value.kind == "policy"
    assert server.asked[0].body["source"] == {
        "digest": {"pullstring": f"registry.example.com/shop/web@{DIGEST}", "tag": TAG}
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_the_client_has_a_name_among_scanners(kind: str) -> None:
    assert scanner_error(AnchoreError(kind, "no")).kind in interface.KINDS
