# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the webhook: one JSON file without secrets, read once and refused whole where a key is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import KINDS
from bulkhead_admission.config_sections import (
    BreakGlass,
    CacheConfig,
    Exemptions,
    Policy,
    RegistryConfig,
    ScannerConfig,
    TlsConfig,
    read_break_glass,
    read_cache,
    read_exemptions,
    read_policy,
    read_registry,
    read_scanner,
    read_tls,
)
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.section import Section

OPEN, CLOSED = "open", "closed"
OWN_KINDS = ("unresolved", "overloaded", "internal")
"""Why there is no verdict, beside KINDS: the registry names no digest; too many images wait; a fault of ours."""


@dataclass(frozen=True)
class Config:
    """All of it."""

    listen: tuple[str, int]
    health: tuple[str, int]
    tls: TlsConfig
    scanner: ScannerConfig
    registry: RegistryConfig
    cache: CacheConfig
    exemptions: Exemptions
    break_glass: BreakGlass
    policies: tuple[Policy, ...]
    policy_id: str
    failure: Mapping[str, str]
    seconds: float
    margin: float
    require_digest: bool
    request_analysis: bool


def load(file: Path) -> Config:
    """The configuration in a file. ConfigError, with the file's name, for anything that is wrong with it."""
    try:
        return read(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: no JSON: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def read(content: object) -> Config:
    """The configuration that was parsed already. ConfigError says which key is wrong."""
    section = Section(content)
    config = Config(
        listen=_listen(section, "listen"),
        health=_listen(section, "health"),
        tls=read_tls(section.section("tls")),
        scanner=read_scanner(section.section("scanner")),
        registry=read_registry(section.section("registry")),
        cache=read_cache(section.section("cache")),
        exemptions=read_exemptions(section.section("exemptions"), section.text("own_namespace", "")),
        break_glass=read_break_glass(section.section("break_glass")),
        policies=tuple(read_policy(each) for each in section.sections("policies")),
        policy_id=section.text("policy_id", ""),
        failure=_failure(section),
        seconds=section.number("seconds", 8, 0.1, 30),
        margin=section.number("margin", 1, 0, 10),
        require_digest=section.flag("require_digest", False),
        request_analysis=section.flag("request_analysis", False),
    )
    names = [policy.name for policy in config.policies]
    if len(set(names)) < len(names):
        raise section.wrong("policies", "has two of the same name")
    section.done()
    return config


def _listen(section: Section, key: str) -> tuple[str, int]:
    host, _colon, port = section.text(key).rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise section.wrong(key, "must be ADDRESS:PORT, such as 0.0.0.0:8443")
    return host.strip("[]"), int(port)


def _failure(section: Section) -> dict[str, str]:
    kinds = (*KINDS, *OWN_KINDS)
    given = section.words("failure", ("default", *kinds), (OPEN, CLOSED))
    default = given.pop("default", CLOSED)
    return {kind: given.get(kind, default) for kind in kinds}
