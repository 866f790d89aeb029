# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of a timeline, whatever told of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment

SEVERITIES = ("critical", "error", "warning", "notice", "info")
# As many digits of a container's id as every source knows.
SHORT_ID = 12
_LONGEST = 2000


@dataclass
class Whereabouts:
    """What an event is about: a pod, a container, or both. Fields are empty where the source does not tell."""

    namespace: str = ""
    pod: str = ""
    pod_uid: str = ""
    container: str = ""
    container_id: str = ""
    image: str = ""
    node: str = ""

    def __post_init__(self) -> None:
        # Falco's word for a process that is in no container, and what it says where it does not know.
        for name, value in vars(self).items():
            if value in ("host", "<NA>", "null") and name != "image":
                setattr(self, name, "")
        self.container_id = self.container_id[:SHORT_ID]

    def as_dict(self) -> dict[str, str]:
        """What is known."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass
class Event:
    """`time` in nanoseconds; `key` is the same for the same event told twice, and the greater `rank` tells it better.

    `by` is the pod that acted, where the source tells; `origin` is file and line.
    """

    time: int
    source: str
    kind: str
    summary: str
    key: str
    severity: str = "info"
    about: Whereabouts = field(default_factory=Whereabouts)
    by: Whereabouts | None = None
    actor: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    routine: bool = False
    rank: int = 0
    origin: str = ""

    def parties(self) -> Iterator[Whereabouts]:
        """What it is about, and who acted."""
        yield self.about
        if self.by is not None:
            yield self.by

    def as_dict(self) -> dict[str, Any]:
        """As a report shows it."""
        shown: dict[str, Any] = {
            "time": moment.text(self.time),
            "source": self.source,
            "severity": self.severity,
            "kind": self.kind,
            "summary": shortened(self.summary),
            "actor": self.actor,
            **self.about.as_dict(),
            "by": self.by.as_dict() if self.by is not None else {},
            "details": {name: shortened(value) for name, value in self.details.items() if value not in ("", None)},
            "origin": self.origin,
        }
        return {name: value for name, value in shown.items() if value not in ("", {})}


def key_of(*parts: object) -> str:
    """A key made of what tells an event from every other one."""
    return hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).hexdigest()[:32]


def shortened(value: Any) -> Any:
    """A text that does not fill a page; others as they are."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}… ({len(value)} characters)"
    return value


def text_of(row: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that holds a text or a number, empty where none does."""
    for name in names:
        value = row.get(name)
        if isinstance(value, (str, int, float)) and value != "" and not isinstance(value, bool):
            return str(value)
    return ""


def mapping_of(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A field that holds an object, an empty one where it does not."""
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}
