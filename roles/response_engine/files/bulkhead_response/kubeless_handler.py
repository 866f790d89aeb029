# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same responses as a Kubeless function: `handler(event, context)`, an alert a call.

The configuration is the runner's, in the file that BULKHEAD_RESPONSE_CONFIG names, or /config/config.json. With
`nats` in it, steps are journalled and decisions recorded as the runner does, so that a call that is repeated does
nothing twice; without, each call stands alone, and decisions go to the log. Every call is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from bulkhead_response import falco_json
from bulkhead_response.config import Config, load
from bulkhead_response.decision import Decision
from bulkhead_response.decision_log import DecisionLog
from bulkhead_response.engine import Engine
from bulkhead_response.errors import Unreachable
from bulkhead_response.journal import Journal, NoJournal, StreamJournal
from bulkhead_response.link import Link
from bulkhead_response.metrics import Metrics
from bulkhead_response.publisher import Publisher
from bulkhead_response.recorder import Recorder
from bulkhead_response.service import close_tools, make_tools, runner_name

_CONFIG = "/config/config.json"


def handler(event: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The decisions, as JSON. Poison, ConfigError and Unreachable end the call, which Kubeless counts as a failure."""
    config = load(Path(os.environ.get("BULKHEAD_RESPONSE_CONFIG", _CONFIG)))
    decisions = asyncio.run(respond(config, _data(event.get("data")), str(event.get("event-id") or "")))
    return json.dumps([{"rule": made.rule, "status": made.status, "reason": made.reason} for made in decisions])


def _data(data: object) -> bytes:
    """Kubeless parses what is JSON; the bytes are needed for what is not."""
    if isinstance(data, bytes):
        return data
    return data.encode() if isinstance(data, str) else json.dumps(data).encode()


async def respond(config: Config, data: bytes, call: str = "") -> list[Decision]:
    """Decide one alert, and record it. call: what tells it from others that give neither a uuid nor a time."""
    alert = falco_json.alert_of(falco_json.parse_json(data, config.limits.max_alert_bytes), call)
    metrics, runner = Metrics(), runner_name(config)
    journal: Journal = NoJournal()
    link = publisher = None
    if config.nats is not None:
        link = Link(config.nats)
        publisher = Publisher(link)
        await link.connect()
        journal = StreamJournal(link, publisher, config.record.subject_prefix, config.record.stream, runner)
    tools = make_tools(config, aiohttp.ClientSession())
    log = DecisionLog(config.record.log_file, metrics)
    try:
        recorder = Recorder(config.record, publisher, log, metrics, runner)
        verdict = await Engine(config, journal, tools, runner, metrics).decide(alert, config.limits.max_deliver)
        subject = falco_json.subject_of("falco", alert)
        await asyncio.gather(*verdict.writes)
        for made in verdict.decisions:
            await recorder.record(made, 1, data, subject)
        if verdict.waiting is not None:
            raise Unreachable(str(verdict.waiting))
        return list(verdict.decisions)
    finally:
        log.close()
        await close_tools(tools)
        if link is not None:
            await link.close()
