# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""--check: whether the runner could do its work: NATS and its consumers, and what its rules need of the API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import aiohttp
import nats.errors

from bulkhead_response.config import Config, SourceConfig
from bulkhead_response.config_rules import RuleConfig
from bulkhead_response.decision_log import DecisionLog
from bulkhead_response.engine import Engine
from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.journal import NoJournal
from bulkhead_response.link import Link
from bulkhead_response.matching import any_of
from bulkhead_response.metrics import Metrics
from bulkhead_response.service import close_tools, make_tools, runner_name

if TYPE_CHECKING:
    from nats.aio.client import Client

    from bulkhead_response.kubernetes_api import KubernetesApi

_SECONDS = 5.0
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_READ = frozenset({"get", "list", "watch"})
"""What a dry run does."""
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
    """The questions for SelfSubjectAccessReview, each once: for what the role grants, and for nothing else."""
    questions: dict[tuple[str, ...], dict[str, str]] = {}
    for rule in config.rules:
        places = _places(rule.match.namespaces, config)
        verbs = _READ if rule.dry_run or config.dry_run else None
        for needed in _needed_by(rule, config) if places else ():
            for attributes in _questions(needed, places, verbs):
                questions.setdefault(tuple(attributes.values()), attributes)
    return list(questions.values())


def _needed_by(rule: RuleConfig, config: Config) -> Iterator[dict[str, Any]]:
    from bulkhead_response.permissions import needed

    if rule.match.labels or config.protected_images:
        yield {"scope": "namespace", "api_groups": [""], "resources": ["pods"], "verbs": ["get"]}
    for step in rule.steps:
        yield from needed(step.name, step.params)


def _places(wanted: Sequence[str], config: Config) -> list[str]:
    """The namespaces where a rule for the wanted ones may act; empty text, for all of them, where globs meet."""
    protected = any_of(config.protected_namespaces)
    common = {_common(ask, may) for ask in wanted or ("*",) for may in config.allowed_namespaces}
    return sorted(name for name in common if name is not None and not (name and protected(name)))


def _common(ask: str, may: str) -> str | None:
    """A namespace that cannot be named cannot be asked about either: then it must be all of them."""
    if "*" in ask and "*" in may:
        return ""
    name, pattern = (ask, may) if "*" in may else (may, ask)
    return name if any_of([pattern])(name) else None


def _questions(rule: dict[str, Any], places: Sequence[str], verbs: Container[str] | None) -> Iterator[dict[str, str]]:
    """verbs: the only ones that are used; None for any."""
    for namespace in places if rule["scope"] == "namespace" else ("",):
        for group in rule["api_groups"]:
            for resource in rule["resources"]:
                name, _slash, part = resource.partition("/")
                parts = {"subresource": part} if part else {}
                for verb in rule["verbs"]:
                    if verbs is None or verb in verbs:
                        yield {"group": group, "resource": name, "verb": verb, "namespace": namespace, **parts}
