# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to a server over one connection, and their answers, which are JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

if TYPE_CHECKING:
    from nats.aio.client import Client


class Unanswered(NatsError):
    """Nothing came back within the time."""


class Conversation:
    """One connection, and requests over it that answer with JSON."""

    def __init__(self, client: Client, timeout: float, complaints: list[str]) -> None:
        """`complaints` is where what the server says unasked is put, such as that a permission is missing."""
        self._client, self._timeout, self._complaints = client, timeout, complaints
        self.requests = 0

    async def ask(self, subject: str, body: Any = None) -> dict[str, Any]:
        """What answers a request. Raises NatsError where nothing does, or where it is not for this user."""
        answers = await self._requested(subject, body)
        return _decoded(subject, answers.data)

    async def ask_patiently(self, subject: str, body: Any = None) -> dict[str, Any]:
        """As `ask`, and asked again until the time is up: for a question that changes nothing.

        A cluster that has lost its leader answers nothing until it has chosen another.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout
        while True:
            try:
                return _decoded(subject, (await self._requested(subject, body, min(2.0, self._timeout))).data)
            except Unanswered:
                if asyncio.get_running_loop().time() >= deadline:
                    raise

    async def store(self, subject: str, body: bytes, identity: str) -> dict[str, Any]:
        """Publish to a stream, which keeps but one message of an identity for a while: its {stream, seq, duplicate?}.

        Raises NatsError, where no stream takes the subject as well.
        """
        headers = {"Nats-Msg-Id": identity}
        answer = _decoded(subject, (await self._sent(subject, body, headers, "no stream takes it")).data)
        if "error" in answer:
            raise NatsError(f"The stream does not take {subject}: {answer['error'].get('description')}")
        return answer

    async def ask_all(self, subject: str, body: Any = None, quiet: float = 0.5) -> list[dict[str, Any]]:
        """Every answer to a request that many servers hear, until none has come for `quiet` seconds.

        Raises NatsError where nothing answers.
        """
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox)
        self.requests += 1
        await self._client.publish(subject, _encoded(body), reply=inbox)
        found: list[dict[str, Any]] = []
        wait = self._timeout
        with contextlib.suppress(NatsError, asyncio.TimeoutError):
            while True:
                message = await self._next(subscription, wait)
                if (message.headers or {}).get("Status") == "503":
                    break
                found.append(_decoded(subject, message.data))
                wait = quiet
        await subscription.unsubscribe()
        if not found:
            raise NatsError(self._silence(subject))
        return found

    async def _next(self, subscription: Any, wait: float) -> Any:
        """The next message; TimeoutError where there is none, at once where the server has refused the request."""
        task = asyncio.ensure_future(subscription.next_msg(wait))
        while not task.done() and not self._complaints:
            await asyncio.wait([task], timeout=0.05)
        if not task.done():
            task.cancel()
            raise NatsError(self._complaints[-1])
        return task.result()

    async def _requested(self, subject: str, body: Any, timeout: float | None = None) -> Any:
        return await self._sent(subject, _encoded(body), None, "JetStream is not enabled for this account", timeout)

    async def _sent(
        self, subject: str, data: bytes, headers: dict[str, str] | None, nobody: str, timeout: float | None = None
    ) -> Any:
        from nats.errors import Error, NoRespondersError

        self.requests += 1
        task = asyncio.ensure_future(
            self._client.request(subject, data, timeout=timeout or self._timeout, headers=headers)
        )
        while not task.done() and not self._complaints:
            # A refused publish is not answered: the complaint comes by another way, and waiting for more is vain.
            await asyncio.wait([task], timeout=0.05)
        if not task.done():
            task.cancel()
            raise NatsError(self._silence(subject))
        try:
            return task.result()
        except NoRespondersError as exc:
            raise NatsError(f"Nothing answers to {subject}: {nobody}") from exc
        except (Error, asyncio.TimeoutError) as exc:
            raise Unanswered(self._silence(subject)) from exc

    def _silence(self, subject: str) -> str:
        if self._complaints:
            return f"The server refuses what was asked ({self._complaints[-1]}): give the user this permission"
        return f"No answer to {subject} within {self._timeout:g} s"


def _encoded(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def _decoded(subject: str, data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError as exc:
        raise NatsError(f"What answers to {subject} is not JSON") from exc
    if not isinstance(answer, dict):
        raise NatsError(f"What answers to {subject} is not an object")
    return answer
