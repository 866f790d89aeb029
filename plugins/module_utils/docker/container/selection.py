# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which containers a list of selectors names, and what each of them shall be given."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits import (
    Limits,
    declared_limits,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine

# Whoever started these sets their limits again: a swarm service, a kubelet.
_MANAGERS = {
    "com.docker.swarm.service.id": "a swarm service: set the limit in the service",
    "io.kubernetes.pod.uid": "a Kubernetes pod: set the limit in the pod",
}


@dataclass
class Chosen:
    """One container with the limits that the entries which select it add up to."""

    id: str
    name: str
    state: str
    wanted: Limits = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The chosen containers, the selectors that chose none, and {name: why} of those passed over."""

    chosen: list[Chosen]
    unmatched: list[str]
    skipped: dict[str, str]


def choose(engine: Engine, entries: Iterable[Mapping[str, Any]]) -> Choice:
    """Match the entries with the containers that are there, stopped ones too; later entries have the last word."""
    present = engine.get("/containers/json", all=True)
    chosen: dict[str, Chosen] = {}
    unmatched: list[str] = []
    skipped: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        limits = _limits_of(entry, number)
        matches = [container for container in present if _selects(entry, container)]
        if not matches:
            unmatched.append(selector_text(entry))
        for container in matches:
            reason = _why_not(entry, container)
            if reason:
                skipped[_name(container)] = reason
                continue
            mine = chosen.setdefault(
                container["Id"], Chosen(container["Id"], _name(container), container.get("State", ""))
            )
            mine.wanted.update(limits)
    skipped = {name: why for name, why in skipped.items() if name not in {one.name for one in chosen.values()}}
    return Choice(sorted(chosen.values(), key=lambda one: one.name), unmatched, skipped)


def selector_text(entry: Mapping[str, Any]) -> str:
    """The selector as it was written, for messages."""
    return ", ".join(f"{key} {entry[key]}" for key in ("name", "glob", "label") if entry.get(key))


def _limits_of(entry: Mapping[str, Any], number: int) -> Limits:
    if not selector_text(entry):
        raise DockerError(f"containers, entry {number}: no selector; name one of name, glob, label")
    try:
        limits = declared_limits(entry)
    except DockerError as exc:
        raise DockerError(f"containers, entry {number} ({selector_text(entry)}): {exc}") from exc
    if not limits:
        raise DockerError(f"containers, entry {number} ({selector_text(entry)}): no limit is named")
    return limits


def _selects(entry: Mapping[str, Any], container: Mapping[str, Any]) -> bool:
    name = _name(container)
    if entry.get("name") and name != entry["name"].lstrip("/"):
        return False
    if entry.get("glob") and not fnmatch.fnmatchcase(name, entry["glob"]):
        return False
    return not entry.get("label") or _has_label(container.get("Labels") or {}, entry["label"])


def _has_label(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def _why_not(entry: Mapping[str, Any], container: Mapping[str, Any]) -> str | None:
    if container.get("State") in ("removing", "dead"):
        return f"it is {container['State']}"
    if entry.get("name"):
        return None
    labels = container.get("Labels") or {}
    return next((f"it belongs to {what}" for label, what in _MANAGERS.items() if label in labels), None)


def _name(container: Mapping[str, Any]) -> str:
    # A legacy link adds names with a second slash (/web/db); the container's own name has one.
    names = [name for name in container.get("Names") or [] if name.count("/") == 1]
    return str(names[0] if names else container["Id"][:12]).lstrip("/")
