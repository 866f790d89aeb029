# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source on a real NATS server: nothing lost, nothing twice, whatever ends in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_source import nats_jetstream
from tests.lab.nats import Nats, Permissions, write_seed

_READ = ("$JS.API.CONSUMER.INFO.FALCO.rulebook", "$JS.API.CONSUMER.MSG.NEXT.FALCO.rulebook", "$JS.ACK.FALCO.rulebook.>")
_USERS = {
    "rulebook": Permissions(publish=[*_READ, "response.dead.>"], subscribe=["_INBOX.>"]),
    "reader": Permissions(publish=_READ, subscribe=["_INBOX.>"]),
    "stranger": Permissions(publish=["other.>"], subscribe=["_INBOX.>"]),
    "half": Permissions(publish=_READ[:1], subscribe=["_INBOX.>"]),
}


@pytest.fixture
def server() -> Iterator[Nats]:
    with Nats(_USERS) as running:
        asyncio.run(_provide(running))
        yield running


@contextlib.asynccontextmanager
async def _admin(server: Nats) -> AsyncIterator[Any]:
    connection = await nats.connect(**server.options())
    yield connection.jetstream()
    await connection.close()


async def _provide(server: Nats) -> None:
    async with _admin(server) as stream:
        await stream.add_stream(name="FALCO", subjects=["falco.>"])
        await stream.add_stream(name="RESPONSE", subjects=["response.>"])
        await stream.add_consumer(
            "FALCO", ConsumerConfig(durable_name="rulebook", ack_policy=AckPolicy.EXPLICIT, ack_wait=3)
        )


async def _publish(server: Nats, *contents: Any) -> None:
    async with _admin(server) as stream:
        for content in contents:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            await stream.publish("falco.notice.shell", data)


async def _outstanding(server: Nats) -> int:
    """How many messages are not acknowledged: waiting, or delivered without an answer."""
    async with _admin(server) as stream:
        info = await stream.consumer_info("FALCO", "rulebook")
        return int(info.num_pending + info.num_ack_pending)


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async def wait() -> None:
        while not await condition():
            await asyncio.sleep(0.05)

    await asyncio.wait_for(wait(), 60)


def _arguments(server: Nats, user: str = "rulebook", **more: Any) -> dict[str, Any]:
    certificate, key = server.certificate_files(user)
    files = {
        "ca_file": server.ca_file,
        "cert_file": certificate,
        "key_file": key,
        "nkey_seed_file": server.seed_file(user),
    }
    given = {"servers": [server.url], "stream": "FALCO", "consumer": "rulebook"}
    return {**given, **{name: str(file) for name, file in files.items()}, **more}


class Rulebook:
    """The queue of ansible-rulebook: it has room for one event, and filters in front of it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(1)
        self.taken: list[dict[str, Any]] = []

    async def put(self, event: dict[str, Any]) -> None:
        if event["body"].get("breaks_filter"):
            raise KeyError("breaks_filter")
        await self.queue.put(event)

    async def take(self, count: int) -> None:
        for _event in range(count):
            self.taken.append(await asyncio.wait_for(self.queue.get(), 60))

    @property
    def numbers(self) -> list[int]:
        return [event["body"]["n"] for event in self.taken]


@contextlib.asynccontextmanager
async def _running(rulebook: Rulebook, arguments: dict[str, Any]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(nats_jetstream.main(rulebook, arguments))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_a_message_becomes_an_event_and_is_acknowledged(server: Nats) -> None:
    async def run() -> Rulebook:
        rulebook = Rulebook()
        await _publish(server, {"n": 1})
        async with _running(rulebook, _arguments(server)):
            await rulebook.take(1)
            await _until(lambda: _is(server, 0))
        return rulebook

    event = asyncio.run(run()).taken[0]
    assert event["body"] == {"n": 1}
    assert {"subject": "falco.notice.shell", "stream": "FALCO", "sequence": 1, "delivery": 1}.items() <= event["meta"][
        "nats"
    ].items()


async def _is(server: Nats, outstanding: int) -> bool:
    return await _outstanding(server) == outstanding


def test_what_the_rulebook_did_not_take_comes_again_at_its_next_start(server: Nats) -> None:
    async def run() -> tuple[Rulebook, Rulebook]:
        first, second = Rulebook(), Rulebook()
        await _publish(server, *({"n": number} for number in range(5)))
        async with _running(first, _arguments(server)):
            await first.take(2)
            await _until(lambda: _is(server, 3))
            # The third lies in the queue of the rulebook, which nobody reads any more.
            await _until(lambda: _truth(first.queue.full()))
        async with _running(second, _arguments(server)):
            await second.take(3)
            await _until(lambda: _is(server, 0))
        return first, second

    first, second = asyncio.run(run())
    assert (first.numbers, sorted(second.numbers)) == ([0, 1], [2, 3, 4])


async def _truth(value: bool) -> bool:
    return value


def test_a_slow_rulebook_gets_no_event_twice(server: Nats) -> None:
    """The playbook of the first event takes longer than the server waits for an acknowledgement."""

    async def run() -> Rulebook:
        rulebook = Rulebook()
        await _publish(server, *({"n": number} for number in range(3)))
        async with _running(rulebook, _arguments(server)):
            await _until(lambda: _truth(rulebook.queue.full()))
            await asyncio.sleep(5)
            await rulebook.take(3)
            await _until(lambda: _is(server, 0))
        return rulebook

    assert asyncio.run(run()).numbers == [0, 1, 2]


def test_the_end_of_nats_loses_nothing_and_doubles_nothing(server: Nats) -> None:
    async def run() -> Rulebook:
        rulebook = Rulebook()
        await _publish(server, {"n": 0}, {"n": 1})
        async with _running(rulebook, _arguments(server)):
            await _until(lambda: _truth(rulebook.queue.full()))
            server.kill()
            await rulebook.take(1)  # it is taken while no acknowledgement can be sent
            server.start()
            await rulebook.take(1)
            await _publish(server, {"n": 2})
            await rulebook.take(1)
            await _until(lambda: _is(server, 0))
            assert rulebook.queue.empty()
        return rulebook

    assert sorted(asyncio.run(run()).numbers) == [0, 1, 2]


def test_it_waits_for_a_server_that_is_not_there_yet(server: Nats) -> None:
    async def run() -> Rulebook:
        rulebook = Rulebook()
        await _publish(server, {"n": 0})
        server.stop()
        async with _running(rulebook, _arguments(server)) as task:
            done, _pending = await asyncio.wait([task], timeout=1.5)
            assert not done
            server.start()
            await rulebook.take(1)
        return rulebook

    assert asyncio.run(run()).numbers == [0]


def test_poison_goes_to_the_dead_letters_with_its_reason(server: Nats) -> None:
    async def run() -> tuple[list[int], list[tuple[str, dict[str, Any]]]]:
        rulebook = Rulebook()
        await _publish(server, b"{no json", b"[1]", b'{"n": 1e999}', {"breaks_filter": True}, {"n": 7})
        async with _running(rulebook, _arguments(server, dead_letter_subject="response.dead")):
            await rulebook.take(1)
            await _until(lambda: _is(server, 0))
        async with _admin(server) as stream:
            found = [await stream.get_msg("RESPONSE", number) for number in range(1, 5)]
        return rulebook.numbers, [(message.subject, json.loads(message.data)) for message in found]

    numbers, letters = asyncio.run(run())
    assert numbers == [7]
    assert [subject for subject, _letter in letters] == [
        "response.dead.not_json",
        "response.dead.not_an_object",
        "response.dead.not_json",
        "response.dead.filter_failed",
    ]
    assert letters[0][1]["size"] == 8
    assert letters[0][1]["nats"]["sequence"] == 1


def test_a_dead_letter_that_cannot_be_published_stops_nobody_and_is_not_lost(server: Nats) -> None:
    async def run() -> Rulebook:
        rulebook = Rulebook()
        await _publish(server, b"{no json", {"n": 7})
        async with _running(rulebook, _arguments(server, "reader", dead_letter_subject="response.dead")):
            await rulebook.take(1)
            await _until(lambda: _is(server, 1))
        return rulebook

    assert asyncio.run(run()).numbers == [7]


async def _fails(arguments: dict[str, Any]) -> str:
    with pytest.raises(Exception, match="nats_jetstream: ") as caught:
        await asyncio.wait_for(nats_jetstream.main(Rulebook(), arguments), 60)
    assert type(caught.value).__name__ == "SourceError"
    return str(caught.value)


def test_who_is_refused_is_told_at_once(server: Nats) -> None:
    unknown, garbage = server.workdir / "unknown.nk", server.workdir / "garbage.nk"
    write_seed(unknown)
    garbage.write_bytes(b"SUAMLPZ")
    no_certificate = {k: v for k, v in _arguments(server).items() if k not in ("cert_file", "key_file")}
    cases = {
        "Permissions Violation for Publish to": _arguments(server, "stranger"),
        "MSG.NEXT.FALCO.rulebook": _arguments(server, "half"),
        "there is no consumer other of a stream FALCO": _arguments(server, "admin", consumer="other"),
        "JetStream not enabled": _arguments(server, "system"),
        "authorization violation": _arguments(server, nkey_seed_file=str(unknown)),
        "holds no seed": _arguments(server, nkey_seed_file=str(garbage)),
        "certificate": no_certificate,
    }
    for expected, arguments in cases.items():
        assert expected.lower() in asyncio.run(_fails(arguments)).lower()


def test_whoever_strips_tls_is_refused(server: Nats) -> None:
    """nats-py itself would go on in plain text, and take whatever alerts somebody in between makes up."""
    with Nats(tls=False) as plain:
        seed = str(plain.seed_file("admin"))
        arguments = _arguments(server, servers=[f"tls://{plain.address}:{plain.port}"], nkey_seed_file=seed)
        assert "offers no TLS" in asyncio.run(_fails(arguments))
