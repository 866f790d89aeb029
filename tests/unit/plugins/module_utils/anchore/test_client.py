# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Anchore Engine: what it sends, what it repeats, and what it says of every kind of answer."""

from __future__ import annotations

import base64
import concurrent.futures
import time
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from tests.unit.scripted_http import Asked, Reply, Script, scripted_http

SECRET = "s3cret-word"


_made: list[AnchoreClient] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _made:
        _made.pop().close()


def client(url: str, **more: object) -> AnchoreClient:
    made = AnchoreClient(url, "admin", SECRET, **{"timeout": 5.0, **more})  # type: ignore[arg-type]
    _made.append(made)
    return made


def in_turn(*replies: Reply) -> Script:
    rest = list(replies)
    return lambda asked: rest.pop(0) if len(rest) > 1 else rest[0]


def failure(script: Script, call: Callable[[AnchoreClient], object], **more: object) -> AnchoreError:
    with scripted_http(script) as server, pytest.raises(AnchoreError) as caught:
        call(client(server.url, **more))
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def test_who_asks_for_whom_and_what() -> None:
    with scripted_http(in_turn(Reply(value=[1]))) as server:
        found = client(server.url, account="team").get("/images", {"history": True, "fulltag": "a/b:1", "x": None})
        assert found == [1]
        asked = server.asked[0]
        assert asked.path == "/v1/images?history=true&fulltag=a%2Fb%3A1"
        assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"admin:{SECRET}".encode()).decode()
        assert asked.headers["x-anchore-account"] == "team"


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_the_path_may_be_left_out(end: str) -> None:
    with scripted_http(in_turn(Reply())) as server:
        client(server.url + end).delete("/images/sha256:0")
        assert [each.path for each in server.asked] == ["/v1/images/sha256:0"]


def test_one_connection_is_kept_for_each_thread() -> None:
    with scripted_http(in_turn(Reply(value={}))) as server:
        shared = client(server.url)
        for _number in range(5):
            shared.get("/status")
        assert len(server.connections) == 1
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _number: shared.get("/status"), range(9)))
        assert len(server.connections) <= 4
        assert shared.requests == 14
        shared.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "refused"),
        (401, "unauthorised"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (500, "server_error"),
        (302, "invalid_answer"),
    ],
)
def test_each_status_has_its_kind_and_the_engines_own_words(status: int, kind: str) -> None:
    reply = Reply(status, {"message": f"no\nluck with {SECRET}", "httpcode": status, "detail": {"error_codes": ["E1"]}})
    error = failure(in_turn(reply), lambda client: client.get("/x"), retries=0)
    assert (error.kind, error.status) == (kind, status)
    assert status == 302 or "no luck with ******** (E1)" in str(error)


def test_the_first_problems_of_a_bundle_are_told() -> None:
    detail = {"validation_details": [{"message": "unknown gate"}, {"message": "unknown trigger"}]}
    error = failure(
        in_turn(Reply(400, {"message": "Bundle failed validation", "detail": detail})),
        lambda client: client.post("/p", {}),
    )
    assert "Bundle failed validation: unknown gate; unknown trigger" in str(error)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_engine_is_asked_again(status: int) -> None:
    with scripted_http(in_turn(Reply(status), Reply(status, headers={"Retry-After": "0"}), Reply(value=7))) as server:
        assert client(server.url).get("/x") == 7
        assert len(server.asked) == 3


def test_in_the_end_it_is_given_up() -> None:
    with scripted_http(in_turn(Reply(503, headers={"Retry-After": "0"}))) as server:
        with pytest.raises(AnchoreError) as caught:
            client(server.url, retries=2).get("/x")
        assert caught.value.kind == "server_error"
        assert len(server.asked) == 3


@pytest.mark.parametrize("reply", [Reply(503), Reply(raw=b"")])
def test_a_post_is_never_repeated_once_it_was_sent(reply: Reply) -> None:
    with scripted_http(in_turn(reply, Reply())) as server:
        with pytest.raises(AnchoreError):
            client(server.url).post("/images", {"tag": "a"})
        assert len(server.asked) == 1


def test_a_broken_connection_is_made_anew() -> None:
    with scripted_http(in_turn(Reply(raw=b""), Reply(value=7))) as server:
        assert client(server.url).get("/x") == 7


def test_a_post_after_the_engine_has_closed_the_connection_goes_over_a_new_one() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with scripted_http(in_turn(Reply(raw=closing), Reply(value=7))) as server:
        kept = client(server.url)
        kept.get("/x")
        time.sleep(0.1)
        assert kept.post("/images", {}) == 7
        assert len(server.connections) == 2


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n[1,", "invalid_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1,", "invalid_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "invalid_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000, "invalid_answer"),
        (b"nonsense\r\n\r\n", "unreachable"),
        (b"", "unreachable"),
    ],
)
def test_half_an_answer_and_nonsense(raw: bytes, kind: str) -> None:
    assert failure(in_turn(Reply(raw=raw)), lambda client: client.get("/x"), retries=0).kind == kind


def test_a_slow_engine_is_waited_for_no_longer_than_it_was_said() -> None:
    def slow(asked: Asked) -> Reply:
        time.sleep(0.5)
        return Reply()

    began = time.monotonic()
    assert failure(slow, lambda client: client.get("/x"), retries=0, timeout=0.1).kind == "timeout"
    deadline = time.monotonic() + 0.1
    with scripted_http(slow) as server, pytest.raises(AnchoreError) as caught:
        client(server.url).get("/x", deadline=deadline)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - began < 5


def test_nobody_there() -> None:
    with scripted_http(in_turn(Reply())) as server:
        url = server.url
    with pytest.raises(AnchoreError) as caught:
        client(url, retries=1).get("/x")
    assert caught.value.kind == "unreachable"
    assert "refused" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("anchore:8228", "write https://host:port/v1"),
        ("https://u:p@anchore", "user and password do not belong in it"),
        ("https://anchore/v1?x=1", "nothing may follow the path"),
        ("https://anchore:port", "not an address"),
    ],
)
def test_bad_addresses(url: str, said: str) -> None:
    with pytest.raises(AnchoreError) as caught:
        client(url)
    assert said in str(caught.value)
    assert caught.value.kind == "usage"


def test_a_file_that_holds_no_certificates() -> None:
    with pytest.raises(AnchoreError) as caught:
        client("https://anchore", ca_file="/dev/null")
    assert "ca_path: /dev/null" in str(caught.value)
