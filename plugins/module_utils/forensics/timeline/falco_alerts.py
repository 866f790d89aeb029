# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts of Falco, and of falcosidekick, which adds a uuid to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
    key_of,
    mapping_of,
    text_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import without_secrets

_SEVERITIES = {
    **dict.fromkeys(("emergency", "alert", "critical"), "critical"),
    "error": "error",
    "warning": "warning",
    "notice": "notice",
}
_SHOWN = ("proc.cmdline", "proc.exepath", "proc.pname", "fd.name", "evt.type", "ka.verb", "ka.target.resource")


def event_of(alert: Mapping[str, Any], source: str) -> Event:
    """Raises ValueError where it is no alert."""
    rule, output = text_of(alert, "rule"), text_of(alert, "output")
    if not rule or "priority" not in alert:
        raise ValueError("it is no alert of Falco")
    fields = mapping_of(alert, "output_fields")
    when = moment.parse(alert.get("time"))
    details = {name: without_secrets(text_of(fields, name)) for name in _SHOWN}
    tags = alert.get("tags")
    return Event(
        time=when,
        source=source,
        kind="alert",
        summary=rule,
        key=text_of(alert, "uuid") or key_of("falco", when, rule, output),
        severity=_SEVERITIES.get(text_of(alert, "priority").lower(), "info"),
        about=_whereabouts(alert, fields),
        actor=text_of(fields, "user.name", "ka.user.name"),
        details={
            "priority": text_of(alert, "priority"),
            "output": without_secrets(output),
            **details,
            "tags": ", ".join(map(str, tags)) if isinstance(tags, list) else "",
        },
    )


def _whereabouts(alert: Mapping[str, Any], fields: Mapping[str, Any]) -> Whereabouts:
    tag = text_of(fields, "container.image.tag")
    repository = text_of(fields, "container.image.repository", "container.image")
    of_pods = text_of(fields, "ka.target.resource") == "pods"
    return Whereabouts(
        namespace=text_of(fields, "k8s.ns.name", "ka.target.namespace"),
        pod=text_of(fields, "k8s.pod.name", *(["ka.target.name"] if of_pods else [])),
        pod_uid=text_of(fields, "k8s.pod.uid"),
        container=text_of(fields, "container.name"),
        container_id=text_of(fields, "container.id"),
        image=f"{repository}:{tag}" if repository and tag else repository,
        node=text_of(alert, "hostname"),
    )
