# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source without a server: its arguments, and what it answers to each message."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from nats.aio.msg import Msg

from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_source import nats_jetstream
from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_source.nats_jetstream import (
    Source,
    SourceError,
    checked,
    event_of,
    identity_of,
)

_LEAST: dict[str, Any] = {"servers": ["nats://127.0.0.1:4222"], "stream": "FALCO", "consumer": "rulebook"}


class FakeClient:
    """The connection that messages answer over."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str]] = []

    async def publish(self, subject: str, payload: bytes = b"") -> None:
        self.answers.append((subject.split(".")[5], payload.decode().split(" ")[0] or "+ACK"))


class FakeStream:
    """Where dead letters are published."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.letters: list[tuple[str, dict[str, Any]]] = []

    async def publish(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        assert headers["Nats-Msg-Id"]
        if self.error:
            raise self.error
        self.letters.append((subject, json.loads(data)))


class FakeRulebook:
    """ansible-rulebook's two queues: the outer that filters, the inner with room for one."""

    def __init__(self, broken: bool = False) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue(1)
        self.broken = broken

    async def put(self, event: dict[str, Any]) -> None:
        if self.broken:
            raise KeyError("key")
        await self.queue.put({**event, "filtered": True})


def _message(client: Any, sequence: int = 1, data: bytes = b"{}", delivery: int = 1, time: int = 10**18) -> Msg:
    reply = f"$JS.ACK.FALCO.rulebook.{delivery}.{sequence}.{sequence}.{time}.0"
    return Msg(_client=client, subject="falco.notice.shell", reply=reply, data=data)


def _source(rulebook: Any, messages: Sequence[Msg] = (), **more: Any) -> Source:
    source = Source(rulebook, checked({**_LEAST, **more}))
    source._held = {identity_of(message): message for message in messages}
    return source


def _answers(client: FakeClient) -> list[str]:
    return [answer for _sequence, answer in client.answers]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"servers": None}, "servers is required"),
        ({"stream": ""}, "stream is required"),
        ({"streams": "x"}, "there is no argument streams; did you mean stream?"),
        ({"qqq": 1}, "there is no argument qqq; use servers"),
        ({"stream": 5}, "stream takes a text, not 5"),
        ({"consumer": "a.b"}, "consumer is 'a.b', which cannot be a name in NATS"),
        ({"servers": {"a": 1}}, "servers takes a list"),
        ({"servers": ["http://x"]}, "each of servers is tls://HOST:PORT"),
        ({"batch": 0}, "batch is 0: give a whole number from 1 to 500"),
        ({"batch": True}, "batch is True"),
        ({"batch": "10"}, "batch is '10'"),
        ({"feedback": "yes"}, "feedback is 'yes'"),
        ({"feedback": True}, "feedback needs ansible-rulebook 1.3 or later, started with --persistence-id"),
        ({"dead_letter_subject": "a.>"}, "dead_letter_subject is 'a.>'"),
        ({"ca_file": "/nowhere/ca.crt"}, "ca_file: there is no file /nowhere/ca.crt"),
        ({"cert_file": "/dev/null"}, "cert_file and key_file are given together"),
        ({"nkey_seed_file": "/dev/null", "credentials_file": "/dev/null"}, "exclude each other"),
    ],
)
def test_arguments_that_cannot_be_used(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SourceError, match=r"^nats_jetstream: ") as caught:
        checked({**_LEAST, **change})
    assert said in str(caught.value)


def test_an_address_with_a_password_is_not_repeated() -> None:
    with pytest.raises(SourceError) as caught:
        checked({**_LEAST, "servers": ["nats://me:secret@host:4222"]})
    assert "secret" not in str(caught.value)


def test_one_server_may_be_a_text_and_what_is_null_is_the_default() -> None:
    options = checked({**_LEAST, "servers": "tls://nats:4222", "batch": None, "ca_file": None})
    assert (options["servers"], options["batch"], "ca_file" in options) == (["tls://nats:4222"], 10, False)


def test_files_that_hold_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nothing")
    options = checked({**_LEAST, "ca_file": str(tmp_path / "ca.crt")})
    with pytest.raises(SourceError, match="hold no certificates"):
        asyncio.run(nats_jetstream.connect(options, []))


def test_an_event_has_the_same_uuid_at_each_delivery_and_another_in_a_new_stream() -> None:
    first, again = event_of(_message(None)), event_of(_message(None, delivery=2))
    assert first["meta"]["uuid"] == again["meta"]["uuid"]
    assert (first["meta"]["nats"]["delivery"], again["meta"]["nats"]["delivery"]) == (1, 2)
    assert event_of(_message(None, time=10**18 + 10**9))["meta"]["uuid"] != first["meta"]["uuid"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": -1e999}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[{}]", "not_an_object"),
        (b"null", "not_an_object"),
    ],
)
def test_poison_is_buried_with_its_reason(data: bytes, reason: str) -> None:
    client, stream, rulebook = FakeClient(), FakeStream(), FakeRulebook()
    source = _source(rulebook, dead_letter_subject="response.dead")
    asyncio.run(_handle(source, _message(client, data=data), stream))
    assert [(subject, letter["reason"]) for subject, letter in stream.letters] == [(f"response.dead.{reason}", reason)]
    assert _answers(client) == ["+TERM"]
    assert rulebook.queue.empty()


async def _handle(source: Source, message: Msg, stream: FakeStream) -> None:
    identity = identity_of(message)
    source._held[identity] = message
    await source._handle(identity, message, cast(Any, stream))
    assert not source._held


def test_what_a_filter_breaks_at_is_buried_too() -> None:
    client, stream = FakeClient(), FakeStream()
    source = _source(FakeRulebook(broken=True), dead_letter_subject="response.dead")
    asyncio.run(_handle(source, _message(client), stream))
    assert stream.letters[0][0] == "response.dead.filter_failed"


def test_poison_without_a_dead_letter_subject_is_logged_without_its_content(caplog: pytest.LogCaptureFixture) -> None:
    client, stream = FakeClient(), FakeStream()
    asyncio.run(_handle(_source(FakeRulebook()), _message(client, data=b"{secret", sequence=7), stream))
    assert "message 7 of FALCO" in caplog.text
    assert "secret" not in caplog.text
    assert (_answers(client), stream.letters) == (["+TERM"], [])


def test_poison_comes_again_where_its_letter_cannot_be_published() -> None:
    client = FakeClient()
    source = _source(FakeRulebook(), dead_letter_subject="response.dead")
    asyncio.run(_handle(source, _message(client, data=b"{"), FakeStream(asyncio.TimeoutError())))
    assert _answers(client) == ["-NAK"]


def test_it_is_acknowledged_when_the_rulebook_took_it_and_not_before() -> None:
    async def run() -> None:
        client, rulebook = FakeClient(), FakeRulebook()
        task = asyncio.create_task(_handle(_source(rulebook), _message(client), FakeStream()))
        while rulebook.queue.empty():
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert _answers(client) == []
        event = rulebook.queue.get_nowait()
        await task
        assert event["filtered"]
        assert _answers(client) == ["+ACK"]

    asyncio.run(run())


def test_what_was_taken_already_is_acknowledged_and_not_given_again() -> None:
    async def run() -> None:
        client, rulebook = FakeClient(), FakeRulebook()
        source = _source(rulebook)
        source._taken[identity_of(_message(client))] = None
        await _handle(source, _message(client, delivery=2), FakeStream())
        assert _answers(client) == ["+ACK"]
        assert rulebook.queue.empty()

    asyncio.run(run())


def test_the_memory_of_what_was_taken_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_jetstream, "_REMEMBERED", 2)
    source, client = _source(FakeRulebook()), FakeClient()
    for sequence in range(5):
        message = _message(client, sequence)
        asyncio.run(source._acknowledge(identity_of(message), message))
    assert list(source._taken) == [identity_of(_message(client, sequence)) for sequence in (3, 4)]


def test_at_the_end_what_was_not_taken_is_given_back() -> None:
    """The first was taken at the last moment, the second not; the third was never offered."""

    async def run(taken: bool) -> list[tuple[str, str]]:
        client, rulebook = FakeClient(), FakeRulebook()
        messages = [_message(client, sequence) for sequence in (1, 2)]
        source = _source(rulebook, messages)
        task = asyncio.create_task(source._offer(event_of(messages[0])))
        while rulebook.queue.empty():
            await asyncio.sleep(0)
        if taken:
            rulebook.queue.get_nowait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await source._give_back()
        assert not source._held
        return client.answers

    assert asyncio.run(run(taken=True)) == [("1", "+ACK"), ("2", "-NAK")]
    assert asyncio.run(run(taken=False)) == [("1", "-NAK"), ("2", "-NAK")]


def test_the_server_is_told_that_a_held_message_is_worked_on() -> None:
    async def run() -> None:
        client = FakeClient()
        source = _source(FakeRulebook(), [_message(client, 1), _message(client, 2)])
        source._ack_wait = 0.003
        task = asyncio.create_task(source._keep())
        while len(client.answers) < 4:
            await asyncio.sleep(0.001)
        task.cancel()
        assert client.answers[:4] == [("1", "+WPI"), ("2", "+WPI")] * 2

    asyncio.run(asyncio.wait_for(run(), 60))


def test_with_feedback_it_waits_for_the_engine() -> None:
    async def run() -> None:
        client, rulebook = FakeClient(), FakeRulebook()
        feedback: asyncio.Queue[Any] = asyncio.Queue(1)
        source = _source(rulebook, feedback=True, eda_feedback_queue=feedback)
        task = asyncio.create_task(_handle(source, _message(client), FakeStream()))
        event = await rulebook.queue.get()
        await feedback.put({"meta": {"uuid": "of an event that came too late"}})
        await feedback.put(None)
        assert _answers(client) == []
        await feedback.put(event)
        await task
        assert _answers(client) == ["+ACK"]

    asyncio.run(run())


def test_without_that_feedback_in_time_the_message_comes_again() -> None:
    async def run() -> None:
        client = FakeClient()
        source = _source(FakeRulebook(), feedback=True, eda_feedback_queue=asyncio.Queue(1))
        cast(dict[str, Any], source._options)["feedback_timeout"] = 0.01
        await _handle(source, _message(client), FakeStream())
        assert _answers(client) == []
        assert not source._taken

    asyncio.run(run())
