# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A timeline as a file: JSON, Markdown or HTML. What it holds was written by attackers too, and is escaped as data."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import page

_MARKS = re.compile(r"([\\`*_{}\[\]()#!|<>~&@:])")
_LINE = re.compile(r"[\r\n\t\x0b\x0c\x85\u2028\u2029]+")


def as_json(timeline: Mapping[str, Any]) -> str:
    """The document itself."""
    return json.dumps(timeline, indent=1, ensure_ascii=True, sort_keys=False) + "\n"


def as_markdown(timeline: Mapping[str, Any]) -> str:
    """A heading, what it was made of, and a table."""
    lines = [f"# {cell(timeline['title'])}", ""]
    span = f", from {timeline['first']} to {timeline['last']} (UTC)" if timeline["events"] else ""
    lines += [f"{len(timeline['events'])} events{span}."]
    if timeline["left_out"]:
        lines += [f"{timeline['left_out']} earlier events are left out."]
    lines += ["", "| Source | Events read | Malformed lines | Clock ahead by |", "|---|---:|---:|---:|"]
    for source in timeline["sources"]:
        ahead = f"{source['clock_ahead']:g} s"
        lines += [f"| {cell(source['name'])} | {source['events']} | {source['malformed']} | {ahead} |"]
    if timeline["subjects"]:
        lines += ["", "| Subject | Namespace | Pod | Uid | Containers | Events |", "|---|---|---|---|---|---:|"]
        lines += [f"| {' | '.join(_subject_cells(subject))} |" for subject in timeline["subjects"]]
    lines += ["", "| Time (UTC) | Severity | Source | Subject | Actor | What |", "|---|---|---|---|---|---|"]
    for event in timeline["events"]:
        texts = (event["source"], event.get("subject", ""), event.get("actor", ""), event["summary"])
        lines += [f"| {event['time']} | {event['severity']} | {' | '.join(map(cell, texts))} |"]
    return "\n".join(lines) + "\n"


def as_html(timeline: Mapping[str, Any]) -> str:
    """One page that needs nothing else."""
    return page.render(timeline)


WRITERS = {"json": as_json, "markdown": as_markdown, "html": as_html}


def cell(value: object) -> str:
    """A text in a cell of a table: in one line, nothing in it is markup, nothing turns the order of words."""
    text = _LINE.sub(" ", str(value))
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cf") else f"U+{ord(c):04X}" for c in text)
    return _MARKS.sub(r"\\\1", shown)


def _subject_cells(subject: Mapping[str, Any]) -> list[str]:
    names = ("namespaces", "pods", "pod_uids")
    containers = [*subject.get("containers", ()), *subject.get("container_ids", ())]
    texts = [", ".join(subject.get(name, ())) for name in names]
    return [subject["id"], *map(cell, texts), cell(", ".join(containers)), str(subject["events"])]
