# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the configuration, and how each is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bulkhead_admission.section import Section

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


def read_tls(section: Section) -> TlsConfig:
    """The section tls. ConfigError says which key is wrong."""
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


def read_scanner(section: Section) -> ScannerConfig:
    """The section scanner. ConfigError says which key is wrong."""
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


def read_registry(section: Section) -> RegistryConfig:
    """The section registry. ConfigError says which key is wrong."""
    found = RegistryConfig(
        section.text("credentials_file", ""),
        section.text("ca_file", ""),
        section.texts("plain_http"),
        section.number("seconds", 5, 0.1, 60),
    )
    section.done()
    return found


def read_cache(section: Section) -> CacheConfig:
    """The section cache. ConfigError says which key is wrong."""
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


def read_exemptions(section: Section, own: str) -> Exemptions:
    """The section exemptions. own: the namespace of the webhook, "" for none. ConfigError says which key is wrong."""
    namespaces = (*ALWAYS_EXEMPT, *((own,) if own else ()), *section.texts("namespaces"))
    found = Exemptions(namespaces, section.texts("images"), section.texts("users"), section.texts("groups"))
    section.done()
    return found


def read_break_glass(section: Section) -> BreakGlass:
    """The section break_glass. ConfigError says which key is wrong."""
    users, groups = section.texts("users"), section.texts("groups")
    for key, names in (("users", users), ("groups", groups)):
        if any("*" in name for name in names):
            raise section.wrong(key, "must name each, without *")
    found = BreakGlass(users, groups, section.texts("controllers") or _CONTROLLERS)
    section.done()
    return found


def read_policy(section: Section) -> Policy:
    """One of the policies. ConfigError says which key is wrong."""
    found = Policy(section.text("name"), section.text("policy_id"), section.texts("namespaces"))
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", found.name):
        raise section.wrong("name", "must be of small letters, digits and -, for it is part of a path")
    section.done()
    return found
