# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of evidence: when they were taken, and the times in them, of processes, changed files and a pod's events.

A set whose seal is broken is told as such, and nothing in it is believed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    Event,
    Whereabouts,
    key_of,
    mapping_of,
    text_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import without_secrets


def sets_at(path: str) -> list[str]:
    """The set at a path, or those in a folder of sets."""
    if os.path.isfile(os.path.join(path, seal.MANIFEST)):
        return [path]
    names = (name for name in sorted(os.listdir(path)) if not name.startswith("."))
    found = [os.path.join(path, name) for name in names]
    return [each for each in found if os.path.isfile(os.path.join(each, seal.MANIFEST))]


def events_of(path: str, source: str) -> Iterator[Event]:
    """Everything that a set tells. Raises ForensicsError, ValueError, OSError."""
    manifest, digest = seal.read_manifest(path)
    subject, name = mapping_of(manifest, "subject"), os.path.basename(path.rstrip("/"))
    about = _about(subject)
    problems, _digest, _head = seal.problems(path)
    if problems:
        # Its own time may be part of the lie, and is the only one that there is.
        summary = f"The evidence {name} is not as it was sealed: {problems[0]}"
        when = moment.parse(manifest.get("ended"))
        yield Event(when, source, "broken seal", summary, key_of("broken", digest), "critical", about)
        return
    yield from _of_manifest(manifest, source, name, digest, about)
    for row in manifest["files"]:
        reader = _READERS.get(os.path.basename(row["path"]))
        if reader is not None:
            with open(os.path.join(path, row["path"]), encoding="utf-8") as file:
                yield from reader(json.load(file), source, about)


def _about(subject: Mapping[str, Any]) -> Whereabouts:
    pod = subject.get("kind") == "pod"
    return Whereabouts(
        namespace=text_of(subject, "namespace"),
        pod=text_of(subject, "name" if pod else "pod"),
        pod_uid=text_of(subject, "uid" if pod else "pod_uid"),
        container="" if pod else text_of(subject, "name"),
        container_id="" if pod else text_of(subject, "id"),
        image=text_of(subject, "image"),
        node=text_of(subject, "node"),
    )


def _of_manifest(
    manifest: Mapping[str, Any], source: str, name: str, digest: str, about: Whereabouts
) -> Iterator[Event]:
    taken = mapping_of(manifest, "taken_by")
    who = mapping_of(taken, "who")
    actor = text_of(who, "investigator", "sudo_user", "user")
    when, summary = moment.parse(manifest.get("ended")), f"Evidence was taken: {name}"
    details = {"case": text_of(manifest, "case"), "reason": text_of(manifest, "reason"), "manifest_sha256": digest}
    yield Event(when, source, "evidence taken", summary, digest, "notice", about, actor=actor, details=details)
    subject = mapping_of(manifest, "subject")
    for field in ("created", "started", "finished"):
        try:
            when = moment.parse(subject.get(field))
        except ValueError:
            continue  # Docker says year 1 of what has not been
        end = f" with exit code {text_of(subject, 'exit_code')}" if field == "finished" else ""
        memory = ", out of memory" if field == "finished" and subject.get("out_of_memory") else ""
        summary = f"{text_of(subject, 'kind')} {text_of(subject, 'name')} {field}{end}{memory}"
        severity = "error" if memory else "info"
        yield Event(when, source, field, summary, key_of(field, when, text_of(subject, "id", "uid")), severity, about)


def _of_processes(rows: Any, source: str, about: Whereabouts) -> Iterator[Event]:
    for row in rows:
        if not isinstance(row.get("started"), (int, float)):
            continue
        when = moment.checked(round(row["started"] * 1000) * 1_000_000)
        command = " ".join(row.get("command") or [row.get("name", "")])
        deleted = bool(row.get("exe_deleted"))
        details = {"exe": row.get("exe"), "exe_sha256": row.get("exe_sha256"), "pid": row.get("pid")}
        yield Event(
            time=when,
            source=source,
            kind="process started",
            summary=f"Process started: {command}{', whose program was deleted' if deleted else ''}",
            key=key_of("process", when, row.get("pid"), about.container_id),
            severity="warning" if deleted else "info",
            about=about,
            details=details,
        )


def _of_files(rows: Any, source: str, about: Whereabouts) -> Iterator[Event]:
    for row in rows:
        if row.get("type") not in (None, "folder") and isinstance(row.get("mtime"), (int, float)):
            when = moment.checked(int(row["mtime"] * moment.SECOND))
            details = {"sha256": row.get("sha256"), "size": row.get("size"), "mode": row.get("mode")}
            key = key_of("file", when, row["path"], about.container_id)
            yield Event(when, source, "file changed", f"{row['path']} was written", key, about=about, details=details)


def _of_pod_events(rows: Any, source: str, about: Whereabouts) -> Iterator[Event]:
    for row in rows:
        times = ("lastTimestamp", "eventTime", "firstTimestamp")
        when = moment.parse(next((row[name] for name in times if row.get(name)), None))
        summary = f"{text_of(row, 'reason')}: {without_secrets(text_of(row, 'message'))}"
        severity = "notice" if row.get("type") == "Warning" else "info"
        key = key_of("event", when, text_of(mapping_of(row, "metadata"), "uid"))
        yield Event(when, source, "pod event", summary, key, severity, about)


_READERS = {
    "processes.json": _of_processes,
    "changed_files.json": _of_files,
    "events.json": _of_pod_events,
}
