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
from bulkhead_admission.errors import ConfigError
from bulkhead_admission.section import Section

OPEN, CLOSED = "open", "closed"
OWN_KINDS = ("unresolved", "overloaded", "internal")
"""Why there is no verdict, beside KINDS: the registry names no digest; too many images wait; a fault of ours."""
ALWAYS_EXEMPT = ("kube-system",)
"""Where a cluster is repaired from; the webhook's own namespace is the other."""
SCANNERS = ("anchore", "grype", "verdicts")
# Where the controllers of Kubernetes make pods from templates that were judged when they were written.
_CONTROLLERS = tuple(
    f"system:serviceaccount:kube-system:{name}-controller"
    for name in ("cronjob", "daemon-set", "deployment", "job", "replicaset", "replication", "statefulset")
)


@dataclass(frozen=True)
class TlsConfig:
    """The server's certificate, and by whose certificates clients are known ("" for any client)."""

    cert_file: str
    key_file: str
    client_ca_file: str
    client_names: tuple[str, ...]


@dataclass(frozen=True)
class ScannerConfig:
    """Who judges. Only those fields count that the kind reads; passwords are in files."""

    kind: str
    url: str
    username: str
    password_file: str
    account: str
    ca_file: str
    bundle_file: str
    database: str
    verdicts_file: str
    seconds: float


@dataclass(frozen=True)
class RegistryConfig:
    """How tags become digests. plain_http: registries, as host:port, that are asked without TLS."""

    credentials_file: str
    ca_file: str
    plain_http: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class CacheConfig:
    """Seconds that something holds: verdicts, refusals, failures, the digest of a tag; entries at most.

    stale: how long an old verdict is still answered, while a new one is asked for.
    """

    verdict: float
    refusal: float
    failure: float
    tag: float
    stale: float
    size: int


@dataclass(frozen=True)
class Exemptions:
    """Who and what is not judged; patterns with `*`."""

    namespaces: tuple[str, ...]
    images: tuple[str, ...]
    users: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class BreakGlass:
    """Who may let images in without a verdict. controllers: who makes pods of templates that such a person wrote."""

    users: tuple[str, ...]
    groups: tuple[str, ...]
    controllers: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A bundle, and for which namespaces; `name` is the last part of the path of a webhook that is for it alone."""

    name: str
    policy_id: str
    namespaces: tuple[str, ...]


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
        tls=_tls(section.section("tls")),
        scanner=_scanner(section.section("scanner")),
        registry=_registry(section.section("registry")),
        cache=_cache(section.section("cache")),
        exemptions=_exemptions(section.section("exemptions"), section.text("own_namespace", "")),
        break_glass=_break_glass(section.section("break_glass")),
        policies=tuple(_policy(each) for each in section.sections("policies")),
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


def _tls(section: Section) -> TlsConfig:
    found = TlsConfig(
        section.text("cert_file"),
        section.text("key_file"),
        section.text("client_ca_file", ""),
        section.texts("client_names"),
    )
    if found.client_names and not found.client_ca_file:
        raise section.wrong("client_names", "needs client_ca_file, or nobody shows a name")
    section.done()
    return found


def _scanner(section: Section) -> ScannerConfig:
    kind = section.choice("kind", SCANNERS)
    names = ("url", "username", "password_file", "account", "ca_file", "bundle_file", "database", "verdicts_file")
    needed = {
        "anchore": ("url", "username", "password_file"),
        "grype": ("bundle_file",),
        "verdicts": ("verdicts_file",),
    }
    found = {name: section.text(name, None if name in needed[kind] else "") for name in names}
    seconds = section.number("seconds", 30, 0.1, 3600)
    section.done()
    return ScannerConfig(kind, seconds=seconds, **found)


def _registry(section: Section) -> RegistryConfig:
    found = RegistryConfig(
        section.text("credentials_file", ""),
        section.text("ca_file", ""),
        section.texts("plain_http"),
        section.number("seconds", 5, 0.1, 60),
    )
    section.done()
    return found


def _cache(section: Section) -> CacheConfig:
    day = 86400
    found = CacheConfig(
        verdict=section.number("verdict", 300, 0, day),
        refusal=section.number("refusal", 30, 0, day),
        failure=section.number("failure", 2, 0, 3600),
        tag=section.number("tag", 10, 0, 3600),
        stale=section.number("stale", 300, 0, day),
        size=int(section.number("size", 10000, 1, 1_000_000)),
    )
    section.done()
    return found


def _exemptions(section: Section, own: str) -> Exemptions:
    namespaces = (*ALWAYS_EXEMPT, *((own,) if own else ()), *section.texts("namespaces"))
    found = Exemptions(namespaces, section.texts("images"), section.texts("users"), section.texts("groups"))
    section.done()
    return found


def _break_glass(section: Section) -> BreakGlass:
    users, groups = section.texts("users"), section.texts("groups")
    for key, names in (("users", users), ("groups", groups)):
        if any("*" in name for name in names):
            raise section.wrong(key, "must name each, without *")
    found = BreakGlass(users, groups, section.texts("controllers") or _CONTROLLERS)
    section.done()
    return found


def _policy(section: Section) -> Policy:
    found = Policy(section.text("name"), section.text("policy_id"), section.texts("namespaces"))
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", found.name):
        raise section.wrong("name", "must be of small letters, digits and -, for it is part of a path")
    section.done()
    return found


def _failure(section: Section) -> dict[str, str]:
    kinds = (*KINDS, *OWN_KINDS)
    given = section.words("failure", ("default", *kinds), (OPEN, CLOSED))
    default = given.pop("default", CLOSED)
    return {kind: given.get(kind, default) for kind in kinds}
