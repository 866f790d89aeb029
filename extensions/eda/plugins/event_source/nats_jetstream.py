# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of a NATS JetStream stream as events, none of them lost.

A durable pull consumer of the server remembers what was acknowledged. A message is acknowledged when the rulebook has
taken its event, and not before; while a message waits for that, the server is told that work goes on. ansible-rulebook
runs a plugin as a file of its own, from which no neighbour can be imported: that is why all of it stands in one.
"""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: nats_jetstream
short_description: Receive messages of a NATS JetStream stream
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - An event source for C(ansible-rulebook) that reads a stream through a durable pull consumer. Both have to be there;
    the module M(bulkhead.container_security.nats_stream) makes them.
  - A message is acknowledged after the rulebook took its event. What was not taken when the rulebook ended is delivered
    again at its next start, with the same C(meta.uuid).
  - Where the server is away, it is tried again for ever. A refused login, a certificate that does not fit and a missing
    consumer end the rulebook with a sentence when it starts; later they are logged and tried again.
  - An event has C(body), the JSON object of the message, and C(meta.nats) with C(subject), C(stream), C(sequence),
    C(delivery) (1 for the first) and C(time).
  - A message that holds no JSON object, or whose event a filter breaks at, is never an event. See
    O(dead_letter_subject).
requirements:
  - nats-py[nkeys] >= 2.11
options:
  servers:
    description: The addresses of the servers, such as V(tls://nats.example.com:4222).
    type: list
    elements: str
    required: true
  stream:
    description: The name of the stream.
    type: str
    required: true
  consumer:
    description: The name of its durable pull consumer.
    type: str
    required: true
  ca_file:
    description: The authorities that the server's certificate may be from. Without it, those of the system.
    type: str
  cert_file:
    description: The client's certificate, with O(key_file).
    type: str
  key_file:
    description: The private key of O(cert_file).
    type: str
  nkey_seed_file:
    description: The file with the seed of the user's nkey. Not together with O(credentials_file).
    type: str
  credentials_file:
    description: The file with the user's JWT and seed.
    type: str
  name:
    description: How the connection is called in what the server shows.
    type: str
    default: ansible-rulebook
  batch:
    description: How many messages are fetched at a time, from 1 to 500. So many are held at most.
    type: int
    default: 10
  dead_letter_subject:
    description:
      - Where a message that is no event goes, as C(SUBJECT.REASON) with the reason V(not_json), V(not_an_object) or
        V(filter_failed). A stream has to take that subject. The user has to be allowed to publish to it.
      - Without it, such a message is given up, and its sequence number and the reason are logged.
    type: str
  feedback:
    description:
      - Whether a message is acknowledged only after the engine confirms that it has the event in its database.
      - For ansible-rulebook 1.3 and later, started with C(--persistence-id). A filter that drops events must not be
        used with it.
    type: bool
    default: false
  feedback_timeout:
    description: For how many seconds that is waited for, before the message is left for another delivery.
    type: int
    default: 120
"""

EXAMPLES = r"""
- bulkhead.container_security.nats_jetstream:
    servers: [tls://nats.example.com:4222]
    stream: FALCO
    consumer: rulebook
    ca_file: /etc/bulkhead/nats/ca.crt
    cert_file: /etc/bulkhead/nats/rulebook.crt
    key_file: /etc/bulkhead/nats/rulebook.key
    nkey_seed_file: /etc/bulkhead/nats/rulebook.nk
    dead_letter_subject: response.dead
  filters:
    - bulkhead.container_security.falco_alert:
"""

import asyncio
import base64
import contextlib
import difflib
import json
import logging
import math
import os
import re
import ssl
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, NoReturn, Protocol

import nkeys
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoServersError
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

LOGGER = logging.getLogger(__name__)

_REQUIRED = ("servers", "stream", "consumer")
_FILES = ("ca_file", "cert_file", "key_file", "nkey_seed_file", "credentials_file")
_TEXTS = ("stream", "consumer", "name", "dead_letter_subject", *_FILES)
# The last is a queue that ansible-rulebook adds.
_KNOWN = (*_REQUIRED, *_FILES, "name", "batch", "dead_letter_subject", "feedback", "feedback_timeout")
_FEEDBACK_QUEUE = "eda_feedback_queue"
_NAME = re.compile(r"[^\s.*>/\\]+")
_SUBJECT = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*")
_SERVER = re.compile(r"(nats|tls)://[^\s@/]+")

_LARGEST_BATCH = 500
_FETCH_SECONDS = 5.0
# Not enabled for this account; not enabled at all.
_NO_JETSTREAM = (10039, 10076)
_ANSWER_SECONDS = 5.0
_LONGEST_PAUSE = 30.0
# How much of a message that is no event a dead letter carries, in bytes.
_DEAD_LETTER_CONTENT = 65536
# More than a consumer may have outstanding (max_ack_pending is 1000 by default), whose acknowledgements may be lost.
_REMEMBERED = 20000


class SourceError(Exception):
    """The source cannot be used as it is; the message says what to change."""


class _Poison(Exception):
    """A message that is no event, and that no later try will make one. `reason` is a token of a subject."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Trouble(Exception):
    """The server is away, or does not do its part: to be tried again."""


class Queue(Protocol):
    """What ansible-rulebook passes: its `put` runs the filters, and waits for room."""

    async def put(self, event: dict[str, Any]) -> None:
        """Hand over an event."""


# -- arguments ----------------------------------------------------------------------------------------------------


def checked(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with their defaults. SourceError for what cannot be used, in one sentence."""
    options = {"name": "ansible-rulebook", "batch": 10, "feedback": False, "feedback_timeout": 120}
    options |= {key: value for key, value in args.items() if value is not None}
    for fault in _faults(options):
        raise SourceError(f"nats_jetstream: {fault}")
    return options


def _faults(options: dict[str, Any]) -> Iterator[str]:
    yield from _key_faults(options)
    yield from _server_faults(options)
    for key in ("stream", "consumer"):
        if not _NAME.fullmatch(options[key]):
            yield f"{key} is {options[key]!r}, which cannot be a name in NATS: no blank, dot, slash, * or >"
    subject = options.get("dead_letter_subject")
    if subject is not None and not _SUBJECT.fullmatch(subject):
        yield f"dead_letter_subject is {subject!r}: give words with dots between them, without * and >"
    yield from _number_faults(options)
    yield from _file_faults(options)


def _key_faults(options: Mapping[str, Any]) -> Iterator[str]:
    for key in options:
        if key not in (*_KNOWN, _FEEDBACK_QUEUE):
            close = difflib.get_close_matches(key, _KNOWN, 1)
            yield f"there is no argument {key}; " + (
                f"did you mean {close[0]}?" if close else f"use {', '.join(_KNOWN)}"
            )
    for key in _REQUIRED:
        if not options.get(key):
            yield f"{key} is required"
    for key in _TEXTS:
        if key in options and not isinstance(options[key], str):
            yield f"{key} takes a text, not {options[key]!r}"


def _server_faults(options: dict[str, Any]) -> Iterator[str]:
    if isinstance(options["servers"], str):
        options["servers"] = [options["servers"]]
    if not isinstance(options["servers"], list):
        yield "servers takes a list of addresses such as tls://nats.example.com:4222"
    for server in options["servers"]:
        if not isinstance(server, str) or not _SERVER.fullmatch(server):
            # It may hold a password, so that it is not repeated.
            yield "each of servers is tls://HOST:PORT or nats://HOST:PORT, without a user, a password or a path"


def _number_faults(options: Mapping[str, Any]) -> Iterator[str]:
    for key, largest in (("batch", _LARGEST_BATCH), ("feedback_timeout", 86400)):
        value = options[key]
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
            yield f"{key} is {value!r}: give a whole number from 1 to {largest}"
    if not isinstance(options["feedback"], bool):
        yield f"feedback is {options['feedback']!r}: give true or false"
    if options["feedback"] and options.get(_FEEDBACK_QUEUE) is None:
        yield "feedback needs ansible-rulebook 1.3 or later, started with --persistence-id"


def _file_faults(options: Mapping[str, Any]) -> Iterator[str]:
    if ("cert_file" in options) != ("key_file" in options):
        yield "cert_file and key_file are given together or not at all"
    if "nkey_seed_file" in options and "credentials_file" in options:
        yield "nkey_seed_file and credentials_file exclude each other"
    for key in _FILES:
        if key in options and not os.access(options[key], os.R_OK):
            yield f"{key}: there is no file {options[key]}, or it cannot be read"


# -- the connection -----------------------------------------------------------------------------------------------


def _wants_tls(options: Mapping[str, Any]) -> bool:
    encrypted = any(server.startswith("tls://") for server in options["servers"])
    return encrypted or "ca_file" in options or "cert_file" in options


def _tls(options: Mapping[str, Any]) -> ssl.SSLContext:
    """Made for each connection, so that renewed certificates are used. SourceError for files that hold none."""
    try:
        context = ssl.create_default_context(cafile=options.get("ca_file"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if "cert_file" in options:
            context.load_cert_chain(options["cert_file"], options["key_file"])
    except (OSError, ValueError) as error:
        raise SourceError(
            f"nats_jetstream: ca_file, cert_file and key_file hold no certificates and key that fit: {error}"
        ) from error
    return context


async def connect(options: Mapping[str, Any], violations: list[str]) -> Client:
    """A connection to the first server that answers. SourceError where one refuses us, _Trouble where none answers.

    violations: gets what the server later says that the user may not do.
    """
    reasons: list[str] = []
    refusals: list[str] = []
    for server in options["servers"]:
        try:
            return await _connect_to(server, options, violations)
        except (OSError, NatsError, asyncio.TimeoutError) as error:
            hint = _hint(error, options)
            (refusals if hint or _is_refusal(error) else reasons).append(f"{server}: {_said(error)}{hint}")
        except (nkeys.NkeysError, ValueError) as error:
            file = options.get("nkey_seed_file") or options.get("credentials_file")
            raise SourceError(f"nats_jetstream: {file} holds no seed of a user that can be used") from error
    if refusals:
        raise SourceError(f"nats_jetstream: the connection is refused by {'; '.join(refusals)}")
    raise _Trouble("; ".join(reasons))


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _hint(error: BaseException, options: Mapping[str, Any]) -> str:
    """Of a server that hangs up on who shows no certificate, faster than its reason can be read."""
    hung_up = isinstance(error, (BrokenPipeError, ConnectionResetError))
    unnamed = _wants_tls(options) and not options.get("cert_file")
    return "; it may want a client certificate (cert_file and key_file)" if hung_up and unnamed else ""


def _is_refusal(error: Exception) -> bool:
    # A server that dies in the middle of a handshake refuses nothing.
    broken_off = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return (isinstance(error, ssl.SSLError) and not broken_off) or "authorization violation" in str(error).lower()


async def _connect_to(server: str, options: Mapping[str, Any], violations: list[str]) -> Client:
    heard: list[Exception] = []

    async def hear(error: Exception) -> None:
        heard[:] = [error]
        if "permissions violation" in str(error).lower():
            violations.append(str(error))

    tls = _tls(options) if _wants_tls(options) else None
    client = Client()
    try:
        # Reconnecting is ours: nats-py would try a refused login for ever and say nothing.
        await client.connect(
            server,
            name=options["name"],
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=5,
            ping_interval=10,
            max_outstanding_pings=2,
            error_cb=hear,
            tls=tls,
            nkeys_seed=options.get("nkey_seed_file"),
            user_credentials=options.get("credentials_file"),
        )
        # nats-py goes on in plain text where the server, or who stands in between, does not ask for TLS.
        if tls and not client._server_info.get("tls_required"):
            raise SourceError(
                f"nats_jetstream: {server} offers no TLS; use nats:// and no certificates if that is meant"
            )
    except NoServersError:
        raise (heard or [_Trouble("no answer")])[0] from None
    except BaseException:
        await _close(client)
        raise
    return client


async def _close(client: Client) -> None:
    with contextlib.suppress(OSError, NatsError, asyncio.TimeoutError):
        if client.is_connected:
            await client.flush(2)
    # What nats-py says of a connection that never was, or is gone already, helps nobody.
    with contextlib.suppress(Exception):
        # A server that does not answer may keep the end of TLS waiting.
        await asyncio.wait_for(client.close(), 2)


# -- messages -----------------------------------------------------------------------------------------------------


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def body_of(data: bytes) -> dict[str, Any]:
    """The JSON object of a message. _Poison where it is none."""
    try:
        # NaN and Infinity would break the rule engine, which is stricter than Python.
        body = json.loads(data, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise _Poison("not_json", f"it is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise _Poison("not_an_object", f"it is JSON, but no object: {type(body).__name__}")
    return body


def event_of(message: Msg) -> dict[str, Any]:
    """The event of a message. Its uuid is the same at each delivery. _Poison where it holds no JSON object."""
    return {"body": body_of(message.data), "meta": {"uuid": identity_of(message), "nats": _facts(message)}}


def identity_of(message: Msg) -> str:
    """A UUID, the same at each delivery. The time belongs to it: a stream that was made anew counts from 1 again."""
    facts = _facts(message)
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{facts['stream']}/{facts['sequence']}/{facts['time']}"))


def _mark(event: Any) -> str:
    """The UUID of an event, empty for what is none, such as ansible-rulebook's own messages in the same queue."""
    meta = event.get("meta") if isinstance(event, dict) else None
    return str(meta.get("uuid", "")) if isinstance(meta, dict) else ""


def _facts(message: Msg) -> dict[str, Any]:
    metadata = message.metadata
    return {
        "subject": message.subject,
        "stream": metadata.stream,
        "sequence": metadata.sequence.stream,
        "delivery": metadata.num_delivered,
        "time": metadata.timestamp.isoformat().replace("+00:00", "Z"),
    }


def dead_letter_of(message: Msg, poison: _Poison) -> bytes:
    """What is published of a message that is no event: JSON with the reason and the beginning of the content."""
    content = base64.b64encode(message.data[:_DEAD_LETTER_CONTENT]).decode()
    letter = {"reason": poison.reason, "message": str(poison), "size": len(message.data), "content": content}
    return json.dumps({**letter, "nats": _facts(message)}).encode()


# -- the source ---------------------------------------------------------------------------------------------------


class Source:
    """Gives the messages of one consumer to one queue, until it is cancelled."""

    def __init__(self, queue: Queue, options: Mapping[str, Any]) -> None:
        self._queue, self._options = queue, options
        self._feedback: asyncio.Queue[Any] | None = options.get(_FEEDBACK_QUEUE) if options["feedback"] else None
        # What the rulebook has, by uuid: an acknowledgement may be lost with the connection, and the event must not
        # come twice for that.
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._held: dict[str, Msg] = {}
        self._offered = ""
        self._violations: list[str] = []
        self._ack_wait = 30.0
        self._began = False

    async def run(self) -> None:
        """For ever. SourceError where it cannot begin."""
        pause = 1.0
        while True:
            began = time.monotonic()
            try:
                async with self._connection() as client:
                    await self._consume(client)
            except SourceError as error:
                if not self._began:
                    raise
                LOGGER.warning("%s; trying again", error)
            except (_Trouble, NatsError, OSError, asyncio.TimeoutError) as error:
                LOGGER.warning("NATS cannot be read (%s); trying again", _said(error))
            pause = 1.0 if time.monotonic() - began > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause / 2)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Client]:
        self._violations.clear()
        client = await connect(self._options, self._violations)
        try:
            await self._look_at_consumer(client.jetstream(timeout=_ANSWER_SECONDS))
            yield client
        finally:
            await self._give_back()
            await _close(client)

    async def _look_at_consumer(self, stream: JetStreamContext) -> None:
        name, consumer = self._options["stream"], self._options["consumer"]
        try:
            config = (await stream.consumer_info(name, consumer)).config
        except NotFoundError as error:
            raise SourceError(
                f"nats_jetstream: there is no consumer {consumer} of a stream {name}; make both with nats_stream"
            ) from error
        except (NatsError, asyncio.TimeoutError) as error:
            self._check_violations()
            if getattr(error, "err_code", None) in _NO_JETSTREAM:
                raise SourceError(f"nats_jetstream: {_said(error)}: is it the right user?") from error
            raise _Trouble(f"no answer about the consumer {consumer} of {name}: {_said(error)}") from error
        if config.deliver_subject or str(config.ack_policy).rpartition(".")[2].lower() != "explicit":
            raise SourceError(f"nats_jetstream: consumer {consumer} of {name} is not for pull with explicit ack")
        self._ack_wait = config.ack_wait or self._ack_wait

    def _check_violations(self) -> None:
        if self._violations:
            raise SourceError(f"nats_jetstream: the user lacks a permission in NATS: {self._violations[-1]}")

    async def _consume(self, client: Client) -> None:
        name, consumer = self._options["stream"], self._options["consumer"]
        stream = client.jetstream(timeout=_ANSWER_SECONDS)
        subscription = await stream.pull_subscribe_bind(consumer=consumer, stream=name)
        alive = asyncio.create_task(self._keep())
        try:
            while True:
                self._held = {identity_of(message): message for message in await self._fetch(subscription)}
                for identity, message in list(self._held.items()):
                    await self._handle(identity, message, stream)
        finally:
            alive.cancel()

    async def _fetch(self, subscription: Any) -> list[Msg]:
        started = time.monotonic()
        found: list[Msg] = []
        with contextlib.suppress(asyncio.TimeoutError):
            found = await subscription.fetch(self._options["batch"], timeout=_FETCH_SECONDS)
        self._check_violations()
        # To find nothing takes its time; an answer at once is a server that cannot serve the consumer.
        if not found and time.monotonic() - started < _FETCH_SECONDS / 2:
            raise _Trouble("the server does not serve the consumer")
        self._began = True
        return found

    async def _keep(self) -> None:
        """Tell the server that the messages which wait for the rulebook are worked on, or it delivers them again."""
        while True:
            await asyncio.sleep(self._ack_wait / 3)
            for message in list(self._held.values()):
                with contextlib.suppress(NatsError, OSError):
                    await message.in_progress()

    async def _handle(self, identity: str, message: Msg, stream: JetStreamContext) -> None:
        try:
            taken = identity in self._taken or await self._offer(event_of(message))
        except _Poison as poison:
            await self._bury(message, poison, stream)
        else:
            if taken:
                await self._acknowledge(identity, message)
        del self._held[identity]

    async def _acknowledge(self, identity: str, message: Msg) -> None:
        self._taken[identity] = None
        if len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        await message.ack()

    async def _offer(self, event: dict[str, Any]) -> bool:
        """Whether the rulebook took it. _Poison where a filter fails at it."""
        mark = _mark(event)
        try:
            await self._queue.put(event)
        except Exception as error:  # a filter is anybody's code, and must not end the rulebook
            raise _Poison("filter_failed", f"a filter failed: {type(error).__name__}: {error}") from error
        self._offered = mark
        if self._feedback is not None:
            return await self._confirmed(mark, self._feedback)
        # A rulebook that has nothing to do takes it in the next turn of the loop; one that runs a playbook, in minutes.
        pause = 0.0
        while self._waits(mark):
            await asyncio.sleep(pause)
            pause = min(pause + 0.002, 0.1)
        return True

    def _waits(self, mark: str) -> bool:
        """Whether the event still lies in the rulebook's queue, where its end would lose it."""
        inner = getattr(self._queue, "queue", self._queue)
        return any(_mark(event) == mark for event in list(getattr(inner, "_queue", ())))

    async def _confirmed(self, mark: str, feedback: asyncio.Queue[Any]) -> bool:
        async def wait() -> None:
            while _mark(await feedback.get()) != mark:
                pass  # for an event that was given up waiting for

        try:
            await asyncio.wait_for(wait(), self._options["feedback_timeout"])
        except asyncio.TimeoutError:
            LOGGER.warning("the engine did not confirm event %s in time; it will be delivered again", mark)
            return False
        return True

    async def _bury(self, message: Msg, poison: _Poison, stream: JetStreamContext) -> None:
        """Publish a dead letter and give the message up. Where the letter is refused, it comes again later."""
        subject, facts = self._options.get("dead_letter_subject"), _facts(message)
        LOGGER.error("message %s of %s is no event: %s", facts["sequence"], facts["stream"], poison)
        if subject:
            # One letter, however often the message was delivered before it could be given up.
            headers = {"Nats-Msg-Id": identity_of(message)}
            try:
                await stream.publish(f"{subject}.{poison.reason}", dead_letter_of(message, poison), headers=headers)
            except (NatsError, asyncio.TimeoutError) as error:
                LOGGER.error("no dead letter can be published to %s: %s", subject, _said(error))
                await message.nak(delay=_LONGEST_PAUSE)
                return
        await message.term()

    async def _give_back(self) -> None:
        """Let the server deliver what the rulebook did not take to whoever asks next, without waiting for ack_wait."""
        for identity, message in self._held.items():
            with contextlib.suppress(NatsError, OSError):
                # Cancelled between the taking and our noticing.
                if identity == self._offered and self._feedback is None and not self._waits(identity):
                    await self._acknowledge(identity, message)
                else:
                    await message.nak()
        self._held = {}


async def main(queue: Queue, args: Mapping[str, Any]) -> None:
    """What ansible-rulebook calls. SourceError for arguments that cannot be used, or a server that refuses us."""
    await Source(queue, checked(args)).run()
