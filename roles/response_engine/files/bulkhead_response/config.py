# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the runner: one JSON file without secrets, read once and refused whole where a key is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkhead_response.config_reader import Section
from bulkhead_response.config_rules import RuleConfig, read_rules
from bulkhead_response.errors import ConfigError
from bulkhead_response.loopback import is_loopback

FORMATS = ("falco", "k8s_audit")
ALWAYS_PROTECTED = ("kube-system", "kube-public", "kube-node-lease")
"""Namespaces in which nothing is ever done, whatever is configured; the runner's own is the fourth."""


@dataclass(frozen=True)
class NatsConfig:
    """Where NATS is, and with which files the runner shows who it is."""

    servers: tuple[str, ...]
    ca_file: str
    cert_file: str
    key_file: str
    nkey_seed_file: str
    name: str


@dataclass(frozen=True)
class SourceConfig:
    """A durable pull consumer, and what its messages are."""

    stream: str
    consumer: str
    format: str


@dataclass(frozen=True)
class RecordConfig:
    """Where decisions are recorded. `log_file`: a path, `-` for the standard output, empty for none."""

    subject_prefix: str = "response"
    stream: str = "RESPONSE"
    log_file: str = "-"
    no_match: bool = False


@dataclass(frozen=True)
class IngestConfig:
    """Where alerts are taken by HTTP. `publish_prefix` by format: what their subjects begin with."""

    listen: tuple[str, int]
    cert_file: str
    key_file: str
    client_ca_file: str
    token_file: str
    format: str


@dataclass(frozen=True)
class Limits:
    """What holds for all rules, unless a rule says otherwise. Seconds, bytes; 0 actions a minute is no limit."""

    actions_per_minute: int = 30
    dedup_seconds: float = 60
    max_deliver: int = 10
    max_alert_bytes: int = 1_000_000
    step_timeout: float = 30
    in_flight: int = 64


@dataclass(frozen=True)
class Config:
    """All of it. `kubernetes` and `docker` are read by the clients of these, `known` by the rules for audit events."""

    nats: NatsConfig | None
    sources: tuple[SourceConfig, ...]
    record: RecordConfig
    kubernetes: Mapping[str, Any] | None
    docker: Mapping[str, Any] | None
    ingest: IngestConfig | None
    health: tuple[str, int] | None
    allowed_namespaces: tuple[str, ...]
    protected_namespaces: tuple[str, ...]
    protected_images: tuple[str, ...]
    known: Mapping[str, Any]
    dry_run: bool
    limits: Limits
    rules: tuple[RuleConfig, ...]


def load(file: Path) -> Config:
    """The configuration in a file. ConfigError, with the file's name, for anything that is wrong with it."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: no JSON: {error}") from error
    try:
        return read(content)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def read(content: object) -> Config:
    """The configuration that was parsed already. ConfigError says which key is wrong."""
    return Section(content, "").whole_of(_config)


def _config(section: Section) -> Config:
    own = section.text("own_namespace", "")
    protected = (*ALWAYS_PROTECTED, *((own,) if own else ()), *section.texts("protected_namespaces"))
    limits = section.optional("limits", _limits) or Limits()
    return Config(
        nats=section.optional("nats", _nats),
        sources=tuple(source.whole_of(_source) for source in section.sections("source")),
        record=section.optional("record", _record) or RecordConfig(),
        kubernetes=section.free("kubernetes") or None,
        docker=section.free("docker") or None,
        ingest=section.optional("ingest", _ingest),
        health=section.optional("health", _listen),
        allowed_namespaces=section.texts("allowed_namespaces"),
        protected_namespaces=protected,
        protected_images=section.texts("protected_images"),
        known=section.free("known"),
        dry_run=section.flag("dry_run", False),
        limits=limits,
        rules=read_rules(section),
    )


def _nats(section: Section) -> NatsConfig:
    servers = section.texts("servers")
    bad = next((server for server in servers if not server.startswith(("tls://", "nats://"))), None)
    if not servers or bad:
        raise section.wrong("servers", "must list addresses such as tls://nats.example.com:4222")
    if any("@" in server for server in servers):
        raise section.wrong("servers", "must hold no user and no password, which logs would show: use nkey_seed_file")
    files = {key: section.text(key, "") for key in ("ca_file", "cert_file", "key_file", "nkey_seed_file")}
    if bool(files["cert_file"]) != bool(files["key_file"]):
        raise section.wrong("cert_file", "and key_file go together")
    return NatsConfig(servers, name=section.text("name", "response-engine"), **files)


def _source(section: Section) -> SourceConfig:
    names = {}
    for key in ("stream", "consumer"):
        names[key] = section.text(key)
        if set(names[key]) & set(" .*>/\\\t\r\n"):
            raise section.wrong(key, "must be a name without dots, blanks, slashes and wildcards")
    return SourceConfig(format=section.choice("format", FORMATS, "falco"), **names)


def _record(section: Section) -> RecordConfig:
    prefix = section.text("subject_prefix", RecordConfig.subject_prefix)
    if set(prefix) & set(" *>\t\r\n") or "" in prefix.split("."):
        raise section.wrong("subject_prefix", "must be a subject without blanks and wildcards")
    stream = section.text("stream", RecordConfig.stream)
    return RecordConfig(prefix, stream, section.text("log_file", "-"), section.flag("no_match", False))


def _ingest(section: Section) -> IngestConfig:
    files = {key: section.text(key, "") for key in ("cert_file", "key_file", "client_ca_file", "token_file")}
    if bool(files["cert_file"]) != bool(files["key_file"]):
        raise section.wrong("cert_file", "and key_file go together")
    if files["client_ca_file"] and not files["cert_file"]:
        raise section.wrong("client_ca_file", "needs cert_file and key_file: client certificates come with TLS")
    if not files["client_ca_file"] and not files["token_file"]:
        raise section.wrong("token_file", "or client_ca_file is required: nobody may publish alerts unknown")
    listen = _listen(section)
    if not files["cert_file"] and not is_loopback(listen[0]):
        raise section.wrong(
            "cert_file", "and key_file are required, or the token goes in the clear (not on the loopback)"
        )
    return IngestConfig(listen, format=section.choice("format", FORMATS, "falco"), **files)


def _listen(section: Section) -> tuple[str, int]:
    text = section.text("listen")
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise section.wrong("listen", f"is {text!r}, and must be ADDRESS:PORT, such as 0.0.0.0:2801")
    return host.strip("[]"), int(port)


def _limits(section: Section) -> Limits:
    return Limits(
        actions_per_minute=section.whole("actions_per_minute", Limits.actions_per_minute),
        dedup_seconds=section.number("dedup_seconds", Limits.dedup_seconds),
        max_deliver=section.whole("max_deliver", Limits.max_deliver, 1),
        max_alert_bytes=section.whole("max_alert_bytes", Limits.max_alert_bytes, 1),
        step_timeout=section.number("step_timeout", Limits.step_timeout, 0.1),
        in_flight=section.whole("in_flight", Limits.in_flight, 1),
    )
