# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A timeline as one HTML page without any script: the browser itself folds details and hides what is not wanted.

Every text is escaped, marks that turn the order of words are shown by number, and the content security policy lets
the one style of the page in and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import SEVERITIES

# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters, and what no document may hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_WHERE = ("namespace", "pod", "pod_uid", "container", "container_id", "image", "node")
_NUMBERS = ("Events", "Events read", "Malformed", "Clock ahead by")
_STYLE = """
:root { --bg: #f6f7f9; --panel: #fff; --text: #1b2330; --muted: #56606f; --line: #d9dee6; --soft: #eef1f5;
  --accent: #0b57b8; --critical: #8c1a5b; --error: #b3261e; --warning: #9a5b00; --notice: #2f6090; --info: #56606f; }
@media (prefers-color-scheme: dark) { :root { --bg: #11151b; --panel: #191f28; --text: #e7ebf1; --muted: #a3aebd;
  --line: #2f3947; --soft: #222a35; --accent: #7fb4ff; --critical: #ff8fcb; --error: #ff8a80; --warning: #ffb95c;
  --notice: #8fc3f5; --info: #a3aebd; color-scheme: dark; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { background: var(--panel); border-bottom: 1px solid var(--line); padding: .9rem 1.2rem; }
h1 { font-size: 1.35rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 1.4rem 0 .6rem; }
header p { margin: .2rem 0 0; color: var(--muted); font-size: .9rem; }
main { max-width: 90rem; margin: 0 auto; padding: 1.2rem; }
.banner { padding: .6rem 1rem; border: 1px solid var(--line); border-left: 5px solid var(--error); border-radius: 8px;
  background: var(--panel); }
.scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { background: var(--soft); white-space: nowrap; }
.name { min-width: 7rem; }
tr:last-child > td { border-bottom: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.what { min-width: 20rem; width: 50%; }
.sev { font-weight: 600; white-space: nowrap; }
.sev::before { content: ""; display: inline-block; width: .65rem; height: .65rem; border-radius: 3px;
  background: currentColor; margin-right: .4rem; }
.critical { color: var(--critical); } .error { color: var(--error); } .warning { color: var(--warning); }
.notice { color: var(--notice); } .info { color: var(--info); }
details { margin: .2rem 0 0; } summary { cursor: pointer; color: var(--muted); font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem 1rem; margin: .3rem 0; }
dt { color: var(--muted); } dd { margin: 0; white-space: pre-wrap; }
.choices { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; margin: 0 0 .8rem; }
.choices label { cursor: pointer; }
a { color: var(--accent); }
tr:target > td { background: var(--soft); }
@media print { .choices { display: none; } .scroll { border: 0; overflow: visible; } tr { break-inside: avoid; } }
"""


def render(timeline: Mapping[str, Any]) -> str:
    """The page. Its only image is an empty icon, which keeps the browser from asking for one."""
    sources = [source["name"] for source in timeline["sources"]]
    style = _STYLE + _hiding(len(sources))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{_text(timeline['title'])}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header><h1>{_text(timeline['title'])}</h1><p>{_span(timeline)}</p></header>\n<main>\n"
        f"{_notes(timeline)}{_sources(timeline['sources'])}{_subjects(timeline['subjects'])}"
        f"<h2>Events</h2>\n{_choices(sources)}{_events(timeline['events'], sources)}"
        "</main>\n</body>\n</html>\n"
    )


def _hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _text(value: object) -> str:
    return html.escape(_UNSEEN.sub(lambda mark: f"\\u{ord(mark.group()):04x}", str(value)))


def _hiding(count: int) -> str:
    """Rows are hidden by the state of check boxes: main holds both."""
    sources = [f"main:has(#c{number}:not(:checked)) tr.c{number} {{ display: none; }}" for number in range(count)]
    severities = [f"main:has(#s-{name}:not(:checked)) tr.s-{name} {{ display: none; }}" for name in SEVERITIES]
    return "\n".join([*sources, *severities]) + "\n"


def _span(timeline: Mapping[str, Any]) -> str:
    if not timeline["events"]:
        return "No event."
    return f"{len(timeline['events'])} events, from {_text(timeline['first'])} to {_text(timeline['last'])} (UTC)"


def _notes(timeline: Mapping[str, Any]) -> str:
    notes = []
    if timeline["left_out"]:
        notes.append(f"{timeline['left_out']} earlier events are left out.")
    notes += [
        f"Lines of {source['name']} that are no events: {source['malformed']}; the first is {source['first_malformed']}"
        for source in timeline["sources"]
        if source["malformed"]
    ]
    return "".join(f'<p class="banner">{_text(note)}</p>\n' for note in notes)


def _table(heads: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f'<th scope="col"{" class=n" if name in _NUMBERS else ""}>{name}</th>' for name in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{"".join(rows)}</tbody></table></div>\n'


def _sources(sources: Iterable[Mapping[str, Any]]) -> str:
    rows = (
        f'<tr><td>{_text(each["name"])}</td><td>{_text(each["type"])}</td><td class="n">{each["events"]}</td>'
        f'<td class="n">{each["malformed"]}</td><td class="n">{each["clock_ahead"]:g} s</td></tr>\n'
        for each in sources
    )
    return "<h2>Sources</h2>\n" + _table(("Name", "Type", "Events read", "Malformed", "Clock ahead by"), rows)


def _subjects(subjects: Iterable[Mapping[str, Any]]) -> str:
    names = ("namespaces", "pods", "pod_uids", "containers", "container_ids")
    rows = []
    for each in subjects:
        cells = "".join(f"<td>{_text(', '.join(each.get(name, ())))}</td>" for name in names)
        rows.append(f'<tr id="{each["id"]}"><td>{each["id"]}</td>{cells}<td class="n">{each["events"]}</td></tr>\n')
    heads = ("", "Namespace", "Pod", "Uid", "Containers", "Container ids", "Events")
    return "<h2>Pods and containers</h2>\n" + _table(heads, rows) if rows else ""


def _choices(sources: Iterable[str]) -> str:
    boxes = [(f"c{number}", name) for number, name in enumerate(sources)]
    boxes += [(f"s-{name}", name) for name in SEVERITIES]
    labels = "".join(
        f'<label><input type="checkbox" id="{mark}" checked> {_text(name)}</label>\n' for mark, name in boxes
    )
    return f'<div class="choices">\n{labels}</div>\n'


def _events(events: Iterable[Mapping[str, Any]], sources: list[str]) -> str:
    numbers = {name: number for number, name in enumerate(sources)}
    rows = (_event(event, numbers.get(event["source"], 0)) for event in events)
    return _table(("Time (UTC)", "Severity", "Source", "Subject", "Actor", "What"), rows)


def _event(event: Mapping[str, Any], source: int) -> str:
    severity, subject = event["severity"], event.get("subject", "")
    link = f'<a href="#{subject}">{subject}</a>' if subject else ""
    cells = (
        f'<td class="time">{_text(event["time"])}</td>',
        f'<td><span class="sev {severity}">{severity}</span></td>',
        f'<td class="name">{_text(event["source"])}</td>',
        f"<td>{link}</td>",
        f'<td class="name">{_text(event.get("actor", ""))}</td>',
        f'<td class="what">{_text(event["summary"])}{_details(event)}</td>',
    )
    return f'<tr class="c{source} s-{severity}">{"".join(cells)}</tr>\n'


def _details(event: Mapping[str, Any]) -> str:
    pairs = [(name, event[name]) for name in _WHERE if event.get(name)]
    pairs += [(f"by {name}", value) for name, value in event.get("by", {}).items()]
    pairs += list(event.get("details", {}).items())
    pairs += [("origin", event["origin"])] if event.get("origin") else []
    rows = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in pairs)
    return f"<details><summary>details</summary><dl>{rows}</dl></details>" if rows else ""
