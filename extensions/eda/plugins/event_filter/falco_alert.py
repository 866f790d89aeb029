# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts of Falco, of falcosidekick and decisions of the response runner in one form, for conditions that read well.

ansible-rulebook runs a plugin as a file of its own, from which no neighbour can be imported.
"""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: falco_alert
short_description: Normalise alerts of Falco for conditions and playbooks
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - An event filter for C(ansible-rulebook) that adds C(event.falco) to an event.
  - It reads the JSON of Falco, of falcosidekick, and the decision records of C(bulkhead_response).
  - C(falco.kind) is C(alert) or C(decision). C(falco.rule) is the rule's name and C(falco.slug) its form in a NATS
    subject.
  - C(falco.priority) is in lower case, and C(falco.rank) its rank, 0 for C(emergency) to 7 for C(debug), 8 where there
    is none.
  - C(falco.namespace), C(falco.pod), C(falco.pod_uid), C(falco.container_id), C(falco.container), C(falco.image),
    C(falco.node), C(falco.hostname) and C(falco.source) are texts, empty where the alert does not say.
  - C(falco.tags) is a list, C(falco.time) is ISO 8601 in UTC, C(falco.output) is Falco's sentence, and C(falco.fields)
    has the output fields with underscores for dots.
  - A decision has C(falco.status), C(falco.reason) and C(falco.response_rule), too.
  - C(falco.encoded) is the alert's JSON in base64, which is the way to hand it to a playbook.
  - An alert that cannot be read stays, and C(falco.error) says why.
notes:
  - Whoever runs a command in a container writes a part of the alert, and ansible-rulebook hands each event to the
    playbook as the variable C(ansible_eda). Ansible evaluates templates in such variables, so that an alert could run
    commands where the playbook runs. For that reason this filter breaks up, with a blank, whatever in the event begins
    like a template. C(falco.encoded) has the alert as it came. A playbook decodes it with C(b64decode) and
    C(from_json).
options:
  key:
    description:
      - The key of the event that holds the alert. Without it, C(body), else C(payload), else the event itself.
    type: str
  keep_templates:
    description:
      - Whether the event, apart from C(event.falco), keeps what Ansible would take for a template.
      - Only for rulebooks that run no playbook.
    type: bool
    default: false
"""

EXAMPLES = r"""
- bulkhead.container_security.nats_jetstream:
    servers: [tls://nats.example.com:4222]
    stream: FALCO
    consumer: rulebook
  filters:
    - bulkhead.container_security.falco_alert:

- ansible.eda.webhook:
    port: 5000
  filters:
    - bulkhead.container_security.falco_alert:
        key: payload
"""

import base64
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
_ALIASES = {"info": "informational", "err": "error", "warn": "warning", "crit": "critical"}

# What ansible-rulebook and this filter add to an event.
_OURS = ("meta", "falco")
_NOTHING = frozenset(("", "<NA>", "null", "host"))
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?\d*([Zz]|[+-]\d\d:?\d\d)")
# Ansible lets a text that begins with #jinja2: say for itself how its templates begin.
_TEMPLATE = re.compile(r"\{(?=[{%#])|#(?=jinja2:)")
# What may be the name of something in a cluster, an image, or an id: no blank, no quote, no brace.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
_LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,512}")


class _Malformed(Exception):
    """It is no alert; the message says where."""


def main(event: dict[str, Any], key: str | None = None, keep_templates: bool = False) -> dict[str, Any]:
    """The event with `falco`. What ansible-rulebook calls."""
    try:
        falco = _falco(event, key)
        return {**(event if keep_templates else _harmless(event)), "falco": falco}
    except RecursionError:
        # No more can be said of it, nor made harmless.
        return {"meta": event.get("meta", {}), "falco": {"error": "it is nested too deeply, and was left out"}}


def _falco(event: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    try:
        return normalised(_alert_in(event, key))
    except _Malformed as error:
        return {"error": str(error)}


def normalised(alert: Mapping[str, Any]) -> dict[str, Any]:
    """The alert or decision in our form. _Malformed for what is none."""
    found = _decision(alert) if isinstance(alert.get("alert"), dict) and "status" in alert else _alert(alert)
    return {**found, "encoded": base64.b64encode(json.dumps(alert).encode()).decode()}


def _alert_in(event: Mapping[str, Any], key: str | None) -> Mapping[str, Any]:
    where = key or next((name for name in ("body", "payload") if name in event), None)
    found = event.get(where) if where else {name: value for name, value in event.items() if name not in _OURS}
    if not isinstance(found, dict):
        raise _Malformed(f"{where} holds no JSON object")
    return found


def _alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    fields = alert.get("output_fields")
    if fields is not None and not isinstance(fields, dict):
        raise _Malformed("output_fields is not an object")
    fields = fields or {}
    return {
        "kind": "alert",
        **_said(alert, required=True),
        "tags": _tags(alert.get("tags")),
        "output": _harmless(_text(alert, "output")),
        **_target(fields),
        "fields": {re.sub(r"\W", "_", name): _harmless(value) for name, value in fields.items()},
    }


def _decision(record: Mapping[str, Any]) -> dict[str, Any]:
    target = record.get("target") or {}
    if not isinstance(target, dict):
        raise _Malformed("target is not an object")
    names = ("namespace", "pod", "pod_uid", "container_id", "container", "image", "node")
    return {
        "kind": "decision",
        **_said(record["alert"], required=False),
        "tags": [],
        "output": "",
        **{name: _name(target, name) for name in names},
        "fields": {},
        "status": _word(record, "status"),
        "reason": _harmless(_text(record, "reason")),
        "response_rule": _word(record, "response_rule"),
    }


def _said(alert: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    """What alerts and the alerts in decisions have in common."""
    rule, given = _word(alert, "rule"), _text(alert, "priority").lower()
    if required and not (rule and given):
        raise _Malformed(f"{'priority' if rule else 'rule'} is missing: this is no alert of Falco")
    priority = _ALIASES.get(given, given)
    if priority not in (*PRIORITIES, *([] if required else [""])):
        raise _Malformed("priority is none of Falco's")
    return {
        "rule": rule,
        "slug": re.sub(r"[^a-z0-9]+", "_", rule.lower()).strip("_"),
        "priority": priority,
        "rank": PRIORITIES.index(priority) if priority else len(PRIORITIES),
        "source": _name(alert, "source"),
        "hostname": _name(alert, "hostname"),
        "time": _time(_text(alert, "time")),
    }


def _target(fields: Mapping[str, Any]) -> dict[str, str]:
    """Whom the alert is about, by a system call or by a request to an API server."""
    repository, tag = _name(fields, "container.image.repository"), _name(fields, "container.image.tag")
    pod_of_request = _name(fields, "ka.target.name") if fields.get("ka.target.resource") == "pods" else ""
    return {
        "namespace": _name(fields, "k8s.ns.name") or _name(fields, "ka.target.namespace"),
        "pod": _name(fields, "k8s.pod.name") or pod_of_request,
        "pod_uid": _name(fields, "k8s.pod.uid"),
        "container_id": _name(fields, "container.id"),
        "container": _name(fields, "container.name"),
        "image": f"{repository}:{tag}" if repository and tag else repository,
        "node": _name(fields, "k8s.node.name"),
    }


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Malformed(f"{key} is not a text")
    return value


def _name(found: Mapping[str, Any], key: str) -> str:
    text = _text(found, key)
    if text in _NOTHING:
        return ""
    if not _NAME.fullmatch(text):
        raise _Malformed(f"{key} is no name that anything can have")
    return text


def _word(found: Mapping[str, Any], key: str) -> str:
    """A short text, which stands in a condition or a log."""
    text = _text(found, key)
    if text and not _LABEL.fullmatch(text):
        raise _Malformed(f"{key} is too long, or has control characters")
    return _harmless_text(text)


def _tags(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise _Malformed("tags is not a list of texts")
    return [_harmless_text(tag) for tag in value]


def _time(text: str) -> str:
    """The same moment in UTC, with the digits of the second that were given. Falco gives nine, Python reads six."""
    if not text:
        return ""
    match = _TIME.fullmatch(text)
    try:
        date, clock, fraction, zone = match.groups() if match else ("", "", "", "")
        moment = datetime.datetime.strptime(f"{date} {clock} {zone.upper()}", "%Y-%m-%d %H:%M:%S %z")
        utc = moment.astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError) as error:
        raise _Malformed("time is no time as ISO 8601 has it") from error
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction or ''}Z"


def _harmless(value: Any) -> Any:
    """A copy that no template engine takes for a template, however deep it is nested."""
    if isinstance(value, str):
        return _harmless_text(value)
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    if isinstance(value, dict):
        return {_harmless_text(str(name)): _harmless(item) for name, item in value.items()}
    return value


def _harmless_text(text: str) -> str:
    return _TEMPLATE.sub(r"\g<0> ", text)
