# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts from the audit log of an API server, by the table of audit_table.py. No Falco is needed for it."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.audit_event import AuditEvent, items, text
from bulkhead_response.audit_table import AUDIT_RULES, AuditRule
from bulkhead_response.errors import ConfigError

SOURCE = "k8s_audit"
_KEYS = frozenset(rule.key for rule in AUDIT_RULES)
_OF_ANY = tuple(rule for rule in AUDIT_RULES if not rule.resources)
_OF_RESOURCE = {
    resource: tuple(rule for rule in AUDIT_RULES if resource in rule.resources)
    for resource in {name for rule in AUDIT_RULES for name in rule.resources}
}


@dataclass(frozen=True)
class Known:
    """Who is no stranger, beside whom the table knows: by the key of a row, or by `any`, globs over names of users.

    A glob that begins with `group:` is one over groups.
    """

    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def knows(self, rule: AuditRule, event: AuditEvent) -> bool:
        """Whether the row has nothing to say about who asked."""
        names = (event.user, *(f"group:{group}" for group in event.groups))
        globs = (*rule.known, *self.users.get(rule.key, ()), *self.users.get("any", ()))
        return any(fnmatch.fnmatchcase(name, glob) for glob in globs for name in names)


def known_from(configured: Any) -> Known:
    """The configuration's `known`: {key of a row, or any: [glob, …]}. ConfigError for one that nothing would obey."""
    if not isinstance(configured, Mapping):
        raise ConfigError("known: it is an object of lists, by the key of an audit rule or any")
    for key, globs in configured.items():
        if key not in _KEYS | {"any"}:
            near = difflib.get_close_matches(str(key), sorted(_KEYS), 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are any, {', '.join(sorted(_KEYS))}"
            raise ConfigError(f"known.{key}: there is no such audit rule{hint}")
        if not isinstance(globs, list) or not all(isinstance(glob, str) and glob for glob in globs):
            raise ConfigError(f"known.{key}: it is a list of names or globs of users")
    return Known({key: tuple(globs) for key, globs in configured.items()})


NOBODY = Known()


def alerts_of(event: Mapping[str, Any], known: Known = NOBODY) -> list[Alert]:
    """The alerts that one event of audit.k8s.io/v1 is worth; most are worth none.

    The events of both stages of a long request make the same alert, with the same id.
    """
    seen = AuditEvent(event)
    if not seen.granted:
        return []
    rules = (*_OF_RESOURCE.get(seen.resource, ()), *_OF_ANY)
    return [alert for alert in (_alert(rule, seen, known) for rule in rules) if alert]


def _alert(rule: AuditRule, event: AuditEvent, known: Known) -> Alert | None:
    if rule.verbs and event.verb not in rule.verbs:
        return None
    what = rule.what(event)
    if not what or known.knows(rule, event):
        return None
    return Alert(
        id=_identity(rule, event),
        rule=rule.name,
        priority=rule.priority,
        source=SOURCE,
        tags=rule.tags,
        time=text(event.raw.get("requestReceivedTimestamp")),
        output=f"{rule.name}: {what} by {event.user}{_where(event)}",
        fields=_fields(event, what),
        target=event.target(),
    )


def _identity(rule: AuditRule, event: AuditEvent) -> str:
    """Of the request and the row. The auditID alone will not do: a client may choose that of its requests itself."""
    parts = [event.raw.get(name) for name in ("auditID", "requestReceivedTimestamp", "requestURI", "verb", "sourceIPs")]
    canonical = json.dumps([rule.key, event.user, *parts], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _where(event: AuditEvent) -> str:
    place = "/".join(filter(None, (event.namespace, event.name)))
    return f" ({event.resource} {place})" if place else ""


def _fields(event: AuditEvent, what: str) -> dict[str, Any]:
    """Under the names that Falco's k8s_audit source has for them."""
    return {
        "ka.auditid": text(event.raw.get("auditID")),
        "ka.user.name": event.user,
        "ka.user.groups": list(event.groups),
        "ka.impuser.name": event.impersonated,
        "ka.verb": event.verb,
        "ka.uri": event.path,
        "ka.target.resource": text(event.reference.get("resource")),
        "ka.target.subresource": text(event.reference.get("subresource")),
        "ka.target.namespace": event.namespace,
        "ka.target.name": event.name,
        "ka.response.code": str(event.code),
        "ka.useragent": text(event.raw.get("userAgent")),
        "ka.sourceips": list(filter(None, map(text, items(event.raw.get("sourceIPs"))))),
        "what": what,
    }
