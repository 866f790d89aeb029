# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A declared flow: who may connect to whom, at which ports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

EVERY_DECLARED = "*"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9-]+")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
# Policies are named after flows, with a prefix and a direction; 253 is the limit for all of it.
_LONGEST_NAME = 150


@dataclass(frozen=True)
class Side:
    """One end of a flow. An end that is not given is everybody."""

    given: bool
    namespaces: Sequence[str]
    namespace_labels: Mapping[str, str] | None
    pods: Mapping[str, str]
    blocks: Sequence[str]
    excepted: Sequence[str]


@dataclass(frozen=True)
class Flow:
    """A flow, under a name that is fit for a policy's."""

    name: str
    source: Side
    target: Side
    ports: Sequence[Any]


def flow_from(raw: Mapping[str, Any], declared: Sequence[str]) -> Flow:
    """A flow; `declared` are the namespaces that * stands for. Raises K8sError."""
    name = str(raw.get("name") or _derived(raw))
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise K8sError(f"Flow {name[:60]!r}: a name has lower-case letters, digits and -, {_LONGEST_NAME} at most")
    if not raw.get("from") and not raw.get("to"):
        raise K8sError(f"Flow {name}: it needs from or to")
    sides = [_side(raw.get(key), declared, f"Flow {name}: {key}") for key in ("from", "to")]
    return Flow(name, sides[0], sides[1], raw.get("ports") or ())


def _side(raw: Mapping[str, Any] | None, declared: Sequence[str], where: str) -> Side:
    given = raw or {}
    unknown = sorted(set(given) - {"namespace", "namespace_labels", "pods", "cidr", "except"})
    if unknown:
        raise K8sError(f"{where}: {unknown[0]!r} is none of namespace, namespace_labels, pods, cidr, except")
    blocks = _list(given.get("cidr"))
    named = [given.get("namespace") is not None, given.get("namespace_labels") is not None, bool(blocks)]
    if sum(named) > 1 or (blocks and given.get("pods")):
        raise K8sError(f"{where}: namespace, namespace_labels and cidr exclude each other, and pods goes without cidr")
    if given and not any(named):
        raise K8sError(f"{where}: it needs namespace, namespace_labels or cidr")
    if given.get("except") and not blocks:
        raise K8sError(f"{where}: except goes with cidr")
    names = [
        name for each in _list(given.get("namespace")) for name in (declared if each == EVERY_DECLARED else [each])
    ]
    return Side(
        bool(given), names, given.get("namespace_labels"), given.get("pods") or {}, blocks, given.get("except") or ()
    )


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]


def _derived(raw: Mapping[str, Any]) -> str:
    """A name that says what the flow is about, and changes with it."""
    ends = [_words(raw.get(key)) for key in ("from", "to")]
    digest = hashlib.sha256(repr([_sorted(raw.get(key)) for key in ("from", "to", "ports")]).encode()).hexdigest()[:6]
    text = _NOT_IN_NAMES.sub("-", f"{ends[0]}-to-{ends[1]}".lower())[: _LONGEST_NAME - 7].strip("-")
    return f"{text}-{digest}"


def _words(raw: Mapping[str, Any] | None) -> str:
    given = raw or {}
    where = _list(given.get("namespace")) or ["addresses" if given.get("cidr") else "labelled" if given else "any"]
    parts = [*where, *(str(value) for value in (given.get("pods") or {}).values())]
    return "-".join("every" if part == EVERY_DECLARED else part for part in parts)


def _sorted(value: Any) -> Any:
    """The same for what means the same: mappings without an order of their own."""
    if isinstance(value, Mapping):
        return sorted((str(key), _sorted(each)) for key, each in value.items())
    return [_sorted(each) for each in value] if isinstance(value, (list, tuple)) else value
