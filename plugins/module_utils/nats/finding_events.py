# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of a report as events: which of them, on which subject, and as what."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import DRIFTS
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, STATUSES
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

SCHEMA_VERSION = "1.0"
RESOLVED = "resolved"

_TEXTS = ("control", "target", "status", "severity", "fingerprint")


@dataclass(frozen=True)
class Choice:
    """Which findings become events. drift: any where empty; severity: this one and the worse ones."""

    severity: str = "info"
    status: Sequence[str] = ("fail",)
    drift: Sequence[str] = ()

    def takes(self, finding: Mapping[str, Any]) -> bool:
        """Whether it is chosen. What is resolved passes by now, and is chosen by its drift alone."""
        if SEVERITIES.index(finding["severity"]) > SEVERITIES.index(self.severity):
            return False
        drift = finding.get("drift")
        if drift == RESOLVED:
            return RESOLVED in self.drift
        return finding["status"] in self.status and (not self.drift or drift in self.drift)


@dataclass(frozen=True)
class Event:
    """A message. identity: the same for the same finding of the same audit, so that a second try adds nothing."""

    subject: str
    body: bytes
    identity: str


def read_report(path: str) -> Any:
    """What is in the JSON file. NatsError where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as exc:
        raise NatsError(f"report: {path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise NatsError(f"report: {path} is not JSON: {exc}") from exc


def events_of(document: Any, choice: Choice, prefix: str) -> list[Event]:
    """The chosen findings of a report of audit_report, of an audit module's result, or of a list of findings.

    NatsError for anything else, and for a prefix that is no subject.
    """
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", prefix, re.ASCII):
        raise NatsError(f"subject_prefix is {prefix!r}: give words of letters, digits, _ and -, with dots between them")
    findings = _findings(document)
    moments = _moments(document)
    for number, finding in enumerate(findings, 1):
        _check(finding, f"finding {number}")
    return [_event(finding, moments, prefix) for finding in findings if choice.takes(finding)]


def _findings(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, Mapping) and isinstance(document.get("findings"), list):
        resolved = document.get("resolved")
        return [*document["findings"], *(resolved if isinstance(resolved, list) else [])]
    raise NatsError("That is no report: it has no list of findings")


def _moments(document: Any) -> dict[str, str]:
    """When each target was looked at; under an empty name, when all of it was."""
    if not isinstance(document, Mapping):
        return {}
    whole = document.get("generated_at") or document.get("collected_at") or ""
    rows: Iterable[Any] = document.get("targets") or ()
    each = {row["name"]: row.get("collected_at") for row in rows if isinstance(row, Mapping) and "name" in row}
    return {"": str(whole), **{name: str(moment) for name, moment in each.items() if moment}}


def _check(finding: Any, where: str) -> None:
    if not isinstance(finding, Mapping):
        raise NatsError(f"{where}: a finding is a dictionary, not {type(finding).__name__}")
    for name in _TEXTS:
        if not isinstance(finding.get(name), str) or not finding[name]:
            raise NatsError(f"{where}: {name} is missing or no text")
    for name, known in (("severity", SEVERITIES), ("status", STATUSES), ("drift", (*DRIFTS, None))):
        if finding.get(name) not in known:
            raise NatsError(f"{where}: {name} {finding[name]!r} is none of {', '.join(filter(None, known))}")


def _event(finding: Mapping[str, Any], moments: Mapping[str, str], prefix: str) -> Event:
    moment = moments.get(finding["target"]) or moments.get("") or None
    content = {"schema_version": SCHEMA_VERSION, "collected_at": moment, "finding": dict(finding)}
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()
    # A control may be called as its author likes, and must not lead to another subject.
    control = ".".join(filter(None, re.sub(r"[^\w.-]", "_", finding["control"], flags=re.ASCII).split("."))) or "_"
    # Findings without a time are told apart by their content.
    known_by = f"{finding['fingerprint']} {moment}".encode() if moment else body
    identity = hashlib.sha256(known_by).hexdigest()[:40]
    return Event(f"{prefix}.{finding['severity']}.{control}", body, identity)
