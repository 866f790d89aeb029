# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report: one file that holds its style, script and data, and asks nothing of any network.

Texts of audited systems reach the page as JSON in a script element that is not executed, and from there as text nodes.
The content security policy names the one style and the one script of the page by their hashes; nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, Finding
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import (
    Report,
    by_target,
    score,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.shipped import shipped_text
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    expected_text,
    references_text,
    value_text,
)

_FOLDER = Path(__file__).parent / "page"
_SCRIPTS = ("data.js", "table.js", "charts.js", "views.js")
# The orders of these lists are those of page/data.js, which a finding's row refers to by number.
_STATUSES = ("fail", "error", "waived", "manual", "not_applicable", "pass")
_CHANGES = ("new", "regressed", "persisting", "resolved", "unchecked")
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_OF_CONTROL = ("control", "title", "remediation", "references")
_SEVERITY_PLACES = {name: place for place, name in enumerate(SEVERITIES)}
_STATUS_PLACES = {name: place for place, name in enumerate(_STATUSES)}


def render(report: Report) -> str:
    """The report as one HTML document."""
    style, script = _part("page.css"), _script()
    parts = {
        "CSP": html.escape(_policy(style, script)),
        "TITLE": html.escape(report["title"]),
        "TIME": html.escape(report["generated_at"]),
        "VERSION": html.escape(report["generator"]["version"]),
        "STYLE": style,
        "SCRIPT": script,
        "SUMMARY": _summary(report),
        "DATA": _data(report),
    }
    # In one pass: what is put in is not searched for further marks.
    return re.sub(r"@([A-Z]+)@", lambda mark: parts[mark.group(1)], _part("page.html"))


@cache
def _part(name: str) -> str:
    return shipped_text(_FOLDER / name)


def _script() -> str:
    return '"use strict";\n(() => {\n' + "".join(_part(name) for name in _SCRIPTS) + "})();\n"


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(report: Report) -> str:
    text = json.dumps(_Tables(report).document(), separators=(",", ":"), ensure_ascii=False)
    # A name must not turn the order of the words around it, and so pass for another: such marks are shown by number.
    text = _TURNING.sub(lambda mark: f"\\\\u{ord(mark.group()):04x}", text)
    # Inside a script element only these could end it or begin a comment; in JSON an escape means the same.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Index:
    """Values in the order in which they were first met, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.places: dict[Any, int] = {}

    def place(self, key: Any, value: Any) -> int:
        """Where the value stands; `key` tells it from others."""
        if key not in self.places:
            self.places[key] = len(self.values)
            self.values.append(value)
        return self.places[key]


class _Texts(dict[str, int]):
    """Where each text stands, in the order in which they were first met: `texts[text]` gives a new one its place."""

    def __missing__(self, text: str) -> int:
        self[text] = place = len(self)
        return place


class _Tables:
    """The report with each text once, and a finding as a row of places, so that thousands of them stay small."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._controls, self._targets, self._notes = _Index(), _Index(), _Index()
        self._texts = _Texts()
        self._last: tuple[Finding, int] | None = None

    def document(self) -> dict[str, Any]:
        """What page/data.js reads."""
        report = self._report
        for row in report["targets"]:
            self._targets.place(row["name"], _target(row))
        rows = [self._row(finding, finding["drift"]) for finding in report["findings"]]
        rows += [self._row(finding, "resolved") for finding in report["resolved"]]
        rows += [self._row(finding, "unchecked") for finding in report["unchecked"]]
        return {
            **{name: report[name] for name in ("summary", "gate", "drift", "waivers")},
            "controls": self._controls.values,
            "targets": self._targets.values,
            "texts": list(self._texts),
            "waiverNotes": self._notes.values,
            "rows": rows,
        }

    def _row(self, finding: Finding, change: str | None) -> list[int]:
        subject, waiver = finding["subject"], finding["waiver"]
        actual, evidence = finding["actual"], finding["evidence"]
        # A verdict that rests on a value shows it, though the value be null; others have none to show.
        shown = actual is not None or finding["status"] in ("fail", "waived")
        texts = (
            subject["kind"],
            subject.get("namespace"),
            f"{subject['name']}, line {subject['line']}" if subject.get("line") else subject["name"],
            subject.get("container"),
            expected_text(finding["expected"]),
            value_text(actual) if shown else None,
            value_text(evidence) if evidence is not None else None,
            finding["reason"],
        )
        places, first_seen = self._texts, finding["first_seen"]
        return [
            self._control(finding),
            self._target(finding["target"]),
            _SEVERITY_PLACES[finding["severity"]],
            _STATUS_PLACES[finding["status"]],
            _CHANGES.index(change) if change else -1,
            *[places[text] if text else -1 for text in texts],
            self._notes.place(waiver["id"], waiver) if waiver else -1,
            places[first_seen] if first_seen else -1,
        ]

    def _target(self, name: str) -> int:
        place = self._targets.places.get(name)
        return self._targets.place(name, _unlisted(name)) if place is None else place

    def _control(self, finding: Finding) -> int:
        # Findings come control by control, and nearly all of a control's say the same of it.
        known, place = self._last or (None, 0)
        if known is None or any(known[name] != finding[name] for name in _OF_CONTROL):
            place = self._place(finding)
            self._last = finding, place
        return place

    def _place(self, finding: Finding) -> int:
        references = references_text(finding)
        key = (finding["control"], finding["title"], finding["remediation"], references)
        names = ("id", "title", "remediation", "references")
        return self._controls.place(key, dict(zip(names, key)))


def _target(row: Mapping[str, Any]) -> dict[str, Any]:
    versions = ", ".join(f"{name} {value_text(value)}" for name, value in row["versions"].items())
    return {
        "name": row["name"],
        "listed": True,
        "audited": row["audited"],
        "reason": row["reason"] or "",
        "collected": row["collected_at"] or "",
        "versions": versions,
        "passes": row["passes_left_out"],
    }


def _unlisted(name: str) -> dict[str, Any]:
    """A target that findings name and that is no host of this run: waivers, or a host that has left the inventory."""
    return {
        "name": name,
        "listed": False,
        "audited": False,
        "reason": "",
        "collected": "",
        "versions": "",
        "passes": 0,
    }


def _summary(report: Report) -> str:
    """The counts by host, for a reader without scripts."""
    counts = by_target(report)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Host", *SEVERITIES, "passed"))
    rows = []
    for row in report["targets"]:
        count = counts[row["name"]]
        share = score(count["status"])
        told = "not audited" if not row["audited"] else "-" if share is None else f"{share} %"
        cells = "".join(f"<td>{value}</td>" for value in (*count["severity"].values(), told))
        rows.append(f'<tr><th scope="row">{html.escape(row["name"])}</th>{cells}</tr>')
    return f'<table class="data"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
