# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams and consumers on a server: what there is, and the steps of a plan carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.conversation import Conversation
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_plan import Step

_API = "$JS.API"
_DEFAULTS: Mapping[str, Any] = {"retention": "limits", "storage": "file", "discard": "old", "num_replicas": 1}
_CONSUMER_DEFAULTS: Mapping[str, Any] = {"ack_policy": "explicit", "deliver_policy": "all", "replay_policy": "instant"}
_NOT_FOUND = 404
# A cluster that has just come up has no leader for a while; that passes (err_code of the API).
_UNAVAILABLE = 10008
_PATIENCE = 20


async def survey(talk: Conversation, streams: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The streams of these names that there are, with those of their declared consumers. Raises NatsError."""
    found: dict[str, Any] = {}
    for stream in streams:
        name = stream["name"]
        info = await _info(talk, f"STREAM.INFO.{name}", f"stream {name}")
        if info is None:
            continue
        consumers: dict[str, Any] = {}
        for consumer in stream.get("consumers") or ():
            title = f"consumer {consumer['name']} of stream {name}"
            about = await _info(talk, f"CONSUMER.INFO.{name}.{consumer['name']}", title)
            if about is not None:
                consumers[consumer["name"]] = about["config"]
        found[name] = {"config": info["config"], "messages": info["state"]["messages"], "consumers": consumers}
    return found


async def _info(talk: Conversation, subject: str, title: str) -> dict[str, Any] | None:
    answer = await _patient(talk, subject, None, question=True)
    error = answer.get("error")
    if error and error.get("code") == _NOT_FOUND:
        return None
    return _good(answer, title)


async def carry_out(talk: Conversation, steps: Sequence[Step]) -> None:
    """Do what is to be done, in order. Raises NatsError at the first that fails, and says what was done before."""
    for step in steps:
        try:
            await _carry_out(talk, step)
        except NatsError as exc:
            before = ", ".join(f"{done.title} {done.action}" for done in steps if done.done and done.changes)
            raise NatsError(f"{exc}; done before: {before or 'nothing'}") from exc
        step.done = True


async def _carry_out(talk: Conversation, step: Step) -> None:
    if step.action in ("deleted", "recreated"):
        kind = f"CONSUMER.DELETE.{step.stream}.{step.consumer}" if step.consumer else f"STREAM.DELETE.{step.stream}"
        _good(await _patient(talk, kind, None), step.title)
    if step.action in ("created", "recreated", "changed"):
        subject, body = _consumer_request(step) if step.consumer else _stream_request(step)
        _good(await _patient(talk, subject, body), step.title)


def _stream_request(step: Step) -> tuple[str, dict[str, Any]]:
    if step.action == "changed":
        return f"STREAM.UPDATE.{step.stream}", {**step.config, "name": step.stream}
    return f"STREAM.CREATE.{step.stream}", {**_DEFAULTS, **step.config, "name": step.stream}


def _consumer_request(step: Step) -> tuple[str, dict[str, Any]]:
    config = {**_CONSUMER_DEFAULTS, **step.config, "durable_name": step.consumer}
    # Creates and changes alike, and every server knows it.
    return f"CONSUMER.DURABLE.CREATE.{step.stream}.{step.consumer}", {"stream_name": step.stream, "config": config}


async def _patient(talk: Conversation, subject: str, body: Any, *, question: bool = False) -> dict[str, Any]:
    """An answer, asked for again as long as the cluster says that it has no leader yet."""
    ask = talk.ask_patiently if question else talk.ask
    for _attempt in range(_PATIENCE):
        answer = await ask(f"{_API}.{subject}", body)
        if (answer.get("error") or {}).get("err_code") != _UNAVAILABLE:
            break
        await asyncio.sleep(0.5)
    return answer


def _good(answer: dict[str, Any], title: str) -> dict[str, Any]:
    error = answer.get("error")
    if error:
        raise NatsError(f"{title}: the server refuses it: {error.get('description', error)} ({error.get('err_code')})")
    return answer
