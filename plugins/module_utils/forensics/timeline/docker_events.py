# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a Docker Engine, as its API and `docker events --format '{{json .}}'` give them."""

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
    "oom": "error",
    **dict.fromkeys(("exec_create", "exec_start", "attach", "commit", "copy", "archive-path"), "warning"),
    **dict.fromkeys(("kill", "die", "destroy", "pause", "export", "extract-to-dir"), "notice"),
}
_ROUTINE = ("exec_die", "top", "resize", "health_status")
_SHOWN = ("exitCode", "signal", "execID", "image")
_LABEL = "io.kubernetes.pod."


def event_of(raw: Mapping[str, Any], source: str) -> Event:
    """Raises ValueError where it is no event of an engine."""
    actor = mapping_of(raw, "Actor")
    kind, said = text_of(raw, "Type"), text_of(raw, "Action")
    if not kind or not said:
        raise ValueError("it is no event of a Docker Engine")
    attributes = mapping_of(actor, "Attributes")
    action, _colon, command = said.partition(": ")
    when, of_container = _time(raw), kind == "container"
    name = text_of(attributes, "name")
    said = f"{action}: {without_secrets(command)}" if command else action
    return Event(
        time=when,
        source=source,
        kind=f"{kind} {action}",
        summary=f"{kind} {name or text_of(actor, 'ID')[:12]}: {said}",
        key=key_of("docker", when, kind, said, text_of(actor, "ID")),
        severity=_SEVERITIES.get(action, "info") if of_container else "info",
        about=Whereabouts(
            namespace=text_of(attributes, f"{_LABEL}namespace"),
            pod=text_of(attributes, f"{_LABEL}name"),
            pod_uid=text_of(attributes, f"{_LABEL}uid"),
            container=text_of(attributes, "io.kubernetes.container.name") or (name if of_container else ""),
            container_id=text_of(actor, "ID") if of_container else text_of(attributes, "container"),
            image=text_of(attributes, "image") if of_container else "",
        ),
        details={name: text_of(attributes, name) for name in _SHOWN},
        routine=action in _ROUTINE,
    )


def _time(raw: Mapping[str, Any]) -> int:
    nanoseconds, seconds = raw.get("timeNano"), raw.get("time")
    if isinstance(nanoseconds, int) and nanoseconds > 0:
        return moment.checked(nanoseconds)
    if isinstance(seconds, int):
        return moment.checked(seconds * moment.SECOND)
    raise ValueError("it has no time")
