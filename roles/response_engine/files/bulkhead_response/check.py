# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""--check: whether the runner could do its work: NATS and its consumers, and what its rules need of the API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import aiohttp
import nats.errors

from bulkhead_response.config import Config, SourceConfig
from bulkhead_response.decision_log import DecisionLog
from bulkhead_response.engine import Engine
from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.journal import NoJournal
from bulkhead_response.link import Link
from bulkhead_response.metrics import Metrics
from bulkhead_response.service import close_tools, make_tools, runner_name

if TYPE_CHECKING:
    from nats.aio.client import Client

    from bulkhead_response.kubernetes_api import KubernetesApi

_SECONDS = 5.0
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_LEAST_WAIT = 6
"""An ack_wait below this in seconds lets the server deliver again what is still being worked on."""


async def check(config: Config) -> int:
    """Print a sentence for each thing that is wrong, or one that all is well. The exit code: 0 when all is well."""
    problems = [problem async for problem in _problems(config)]
    for problem in problems:
        print(f"bulkhead_response: {problem}")
    if not problems:
        print(f"bulkhead_response: ready: {len(config.sources)} sources, {len(config.rules)} response rules")
    return 1 if problems else 0


async def _problems(config: Config) -> AsyncIterator[str]:
    tools = make_tools(config, aiohttp.ClientSession())
    try:
        Engine(config, NoJournal(), tools, runner_name(config))
        DecisionLog(config.record.log_file, Metrics()).close()
        async for problem in _nats_problems(config):
            yield problem
        if tools.kubernetes is not None:
            async for problem in _permission_problems(config, tools.kubernetes):
                yield problem
    except ConfigError as error:
        yield str(error)
    finally:
        await close_tools(tools)


async def _nats_problems(config: Config) -> AsyncIterator[str]:
    if config.nats is None:
        yield "nats is required: the runner takes alerts from its streams"
        return
    link = Link(config.nats)
    try:
        await link.connect()
        client = await link.client()
        for source in config.sources:
            problem = await _consumer_problem(client, source)
            if problem:
                yield f"consumer {source.consumer} of stream {source.stream}: {problem}"
    except Unreachable as error:
        yield str(error)
    finally:
        await link.close()


async def _consumer_problem(client: Client, source: SourceConfig) -> str | None:
    subject = f"$JS.API.CONSUMER.INFO.{source.stream}.{source.consumer}"
    try:
        answer = json.loads((await client.request(subject, b"", timeout=_SECONDS)).data)
    except (nats.errors.Error, asyncio.TimeoutError) as error:
        return f"no answer ({str(error) or type(error).__name__}): is JetStream on, and may this user ask?"
    if "error" in answer:
        return str(answer["error"].get("description"))
    found = answer["config"]
    if found.get("ack_policy") != "explicit":
        return f"its ack_policy is {found.get('ack_policy')}, and must be explicit, or alerts are lost"
    if 0 < found.get("ack_wait", 0) < _LEAST_WAIT * 1_000_000_000:
        return f"its ack_wait is shorter than {_LEAST_WAIT} s, so that alerts come again while they are worked on"
    if found.get("max_deliver", -1) > 0:
        return "its max_deliver is limited: the server would drop alerts without a word; the runner has its own limit"
    return None


async def _permission_problems(config: Config, kubernetes: KubernetesApi) -> AsyncIterator[str]:
    from bulkhead_response.kubernetes_api import ApiError

    for attributes in needed_rights(config):
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        try:
            answer = await kubernetes.post(_REVIEW, {**review, "spec": {"resourceAttributes": attributes}})
        except (ApiError, Unreachable) as error:
            yield str(error)
            return
        if not answer["status"].get("allowed"):
            where = f" in namespace {attributes['namespace']}" if attributes.get("namespace") else ""
            group = f".{attributes['group']}" if attributes["group"] else ""
            yield f"kubernetes: may not {attributes['verb']} {attributes['resource']}{group}{where}"


def needed_rights(config: Config) -> list[dict[str, str]]:
    """The questions for SelfSubjectAccessReview, each once."""
    questions: dict[tuple[str, ...], dict[str, str]] = {}
    for rule in _table_rules(config):
        for attributes in _questions(rule, config):
            questions.setdefault(tuple(attributes.values()), attributes)
    return list(questions.values())


def _table_rules(config: Config) -> Iterator[dict[str, Any]]:
    from bulkhead_response.permissions import needed

    for rule in config.rules:
        if rule.match.labels or config.protected_images:
            yield {"scope": "namespace", "api_groups": [""], "resources": ["pods"], "verbs": ["get"]}
        for step in rule.steps:
            yield from needed(step.name, step.params)


def _questions(rule: dict[str, Any], config: Config) -> Iterator[dict[str, str]]:
    """A namespace that is a glob cannot be asked about: then it must be all of them."""
    namespaces = config.allowed_namespaces if rule["scope"] == "namespace" else ("",)
    for namespace in ["" if "*" in name else name for name in namespaces]:
        for group in rule["api_groups"]:
            for resource in rule["resources"]:
                name, _slash, part = resource.partition("/")
                for verb in rule["verbs"]:
                    parts = {"subresource": part} if part else {}
                    yield {"group": group, "resource": name, "verb": verb, "namespace": namespace, **parts}
