# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption at rest: the EncryptionConfiguration, its keys, and the steps by which a key is replaced.

The first provider of a list writes, all of them read. A key that is not known to every API server of a cluster must
not write on any of them, so a change goes in three phases: `read` (everybody knows the new key), `write` (it comes
first), and, when every object has been rewritten, `retire` (the old keys go). Keys are made here, on the host; they
are never shown.
"""

from __future__ import annotations

import base64
import binascii
import copy
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.file_checks import FileProblem

KEYED = ("aescbc", "aesgcm", "secretbox")
IDENTITY = "identity"
READ, WRITE, RETIRE = "read", "write", "retire"
_KEY_BYTES = 32
_KEY_LENGTHS = {"aescbc": (16, 24, 32), "aesgcm": (16, 24, 32), "secretbox": (32,)}

Data = dict[str, Any]
# A provider with one key, {"secretbox": {"keys": [{name, secret}]}}, or another provider as it stands.
Provider = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What shall write. `secrets` are keys (base64) by their name; what is missing there is made anew."""

    provider: str
    key_name: str
    resources: Sequence[str] = ("secrets",)
    phase: str = WRITE
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """The new configuration; `made` says whether a key was made for it."""

    data: Data
    made: bool


def check(data: Mapping[str, Any], path: str) -> None:
    """FileProblem where an API server would not start with this EncryptionConfiguration."""
    kinds = ("EncryptionConfiguration", "EncryptionConfig")
    if data.get("kind") not in kinds or not isinstance(data.get("resources"), list) or not data["resources"]:
        raise FileProblem(f"{path} must be an EncryptionConfiguration with resources")
    for group in data["resources"]:
        if not isinstance(group, Mapping) or not group.get("resources") or not group.get("providers"):
            raise FileProblem(f"{path}: each entry of resources needs resources and providers")
        for provider, name, secret in keys_of(group["providers"]):
            _check_key(provider, name, secret, path)


def _check_key(provider: str, name: str, secret: str, path: str) -> None:
    try:
        size = len(base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError) as exc:
        raise FileProblem(f"{path}: the key {name} is not base64") from exc
    if size not in _KEY_LENGTHS[provider]:
        lengths = " or ".join(map(str, _KEY_LENGTHS[provider]))
        raise FileProblem(f"{path}: the key {name} of {provider} must have {lengths} bytes, and has {size}")


def keys_of(providers: Sequence[Any]) -> list[tuple[str, str, str]]:
    """(provider, key name, secret) of every key in a list of providers, in its order."""
    return [
        (kind, str(key.get("name")), str(key.get("secret")))
        for provider in providers
        if isinstance(provider, Mapping)
        for kind in KEYED
        if isinstance(provider.get(kind), Mapping)
        for key in provider[kind].get("keys") or ()
    ]


def secrets_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Every key of a configuration by its name."""
    return {
        name: secret
        for group in data.get("resources") or ()
        if isinstance(group, Mapping)
        for _provider, name, secret in keys_of(group.get("providers") or ())
    }


def planned(current: Mapping[str, Any], wanted: Wanted, path: str) -> Planned:
    """The configuration after this phase. Groups of other resources stay as they are. Raises FileProblem."""
    if current:
        check(current, path)
    known = {**wanted.secrets, **secrets_of(current)}
    for name, secret in wanted.secrets.items():
        if known[name] != secret:
            raise FileProblem(
                f"{path} holds another key under the name {name}: with that replaced, nobody could read what it "
                "wrote; give the new key a name of its own"
            )
    made = wanted.provider in KEYED and wanted.key_name not in known
    if made and wanted.phase == RETIRE:
        raise FileProblem(f"{path} has no key {wanted.key_name} yet: the phases read and write come first")
    secret = _new_key() if made else known.get(wanted.key_name, "")
    data: Data = copy.deepcopy(dict(current)) or {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [],
    }
    group = _group(data, wanted.resources, path)
    group["providers"] = _ordered(_split(group.get("providers") or []), _writer(wanted, secret), wanted.phase)
    check(data, path)
    return Planned(data, made)


def writer_of(data: Mapping[str, Any], resource: str = "secrets") -> tuple[str, str]:
    """(provider, key name) that writes a resource; ("identity", "") where nothing encrypts it."""
    for group in data.get("resources") or ():
        if isinstance(group, Mapping) and resource in (group.get("resources") or ()):
            first = (group.get("providers") or [{IDENTITY: {}}])[0]
            keys = keys_of([first])
            return (keys[0][0], keys[0][1]) if keys else (next(iter(first), IDENTITY), "")
    return IDENTITY, ""


def redacted(data: Mapping[str, Any], known: Mapping[str, str]) -> Data:
    """The configuration to show: keys that are `known` as fingerprints, a new one as that."""
    shown = copy.deepcopy(dict(data))
    for group in shown.get("resources") or ():
        for provider in group.get("providers") or () if isinstance(group, Mapping) else ():
            for kind in KEYED:
                for key in (provider.get(kind) or {}).get("keys") or () if isinstance(provider, Mapping) else ():
                    secret = str(key.get("secret"))
                    key["secret"] = secret_fingerprint(secret) if secret in known.values() else "(a new key)"
    return shown


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _writer(wanted: Wanted, secret: str) -> Provider:
    if wanted.provider == IDENTITY:
        return {IDENTITY: {}}
    return {wanted.provider: {"keys": [{"name": wanted.key_name, "secret": secret}]}}


def _group(data: Data, resources: Sequence[str], path: str) -> Data:
    """The entry about these resources, made where there is none."""
    for group in data["resources"]:
        ours = set(group.get("resources") or ()) & set(resources)
        if ours and set(group["resources"]) != set(resources):
            raise FileProblem(
                f"{path} encrypts {', '.join(group['resources'])} together: declare the same resources, or split them"
            )
        if ours:
            entry: Data = group
            return entry
    fresh: Data = {"resources": list(resources), "providers": [{IDENTITY: {}}]}
    data["resources"].append(fresh)
    return fresh


def _split(providers: Sequence[Mapping[str, Any]]) -> list[Provider]:
    """One provider a key, so that keys of different providers can be put in any order."""
    single: list[Provider] = []
    for provider in providers:
        kind = next(iter(provider), "")
        if kind in KEYED:
            single += [{kind: {"keys": [dict(key)]}} for key in provider[kind].get("keys") or ()]
        else:
            single.append(dict(provider))
    return single


def _ordered(present: list[Provider], writer: Provider, phase: str) -> list[Provider]:
    plain: Provider = {IDENTITY: {}}
    others = [provider for provider in present if provider != writer]
    if phase == READ:
        if writer in present or not present:
            return _joined(present or [plain, writer])
        return _joined([present[0], writer, *present[1:]])
    if phase == RETIRE:
        others = []
    ends = [provider for provider in others if provider != plain]
    # Where plain objects were read so far they still are: an old backup of etcd may bring some back.
    return _joined([writer, *ends, *([plain] if plain in present and writer != plain else [])])


def _joined(providers: Sequence[Provider]) -> list[Provider]:
    """Keys of the same provider that follow each other, in one entry, as people write them."""
    joined: list[Provider] = []
    for provider in providers:
        kind = next(iter(provider))
        if kind in KEYED and joined and kind in joined[-1]:
            joined[-1][kind]["keys"] += provider[kind]["keys"]
        else:
            joined.append(copy.deepcopy(provider))
    return joined
