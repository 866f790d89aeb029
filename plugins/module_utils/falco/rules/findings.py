# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The issues of rules as findings of an audit: one for each thing that is wanted, and each item that lacks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding, fingerprint
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules import issue as codes
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import Issue


class Wanted(NamedTuple):
    """What is wanted of rules."""

    id: str
    title: str
    severity: str
    remediation: str
    codes: frozenset[str]


_VALID = Wanted(
    "falco.rule.valid",
    "Falco loads the rules",
    "critical",
    "Correct what the message names. Falco starts with none of its rules while one of them is not valid.",
    frozenset(),
)
WANTED: tuple[Wanted, ...] = (
    _VALID,
    Wanted(
        "falco.rule.effective",
        "Rules do what they seem to",
        "medium",
        "Correct the name, value or expression: Falco takes it, and it never matches, or is ignored.",
        frozenset(
            {
                *(codes.UNKNOWN_SOURCE, codes.UNKNOWN_FILTER, codes.UNKNOWN_ITEM, codes.UNKNOWN_KEY),
                *(codes.UNSAFE_NA_CHECK, codes.COMPILE_WARNING, codes.APPEND_NO_VALUES, codes.REDEFINED),
                *(codes.EXCEPTION_NAME_NOT_UNIQUE, codes.INVALID_LIST_NAME, codes.INVALID_MACRO_NAME),
                *(codes.BAD_REGEX, codes.UNKNOWN_LIST, codes.DUPLICATE_KEY),
            }
        ),
    ),
    Wanted(
        "falco.rule.cost",
        "Rules are evaluated for the events that they are about",
        "medium",
        "Let the condition begin with evt.type, not negated, in each part of an 'or'.",
        frozenset({codes.NO_EVTTYPE}),
    ),
    Wanted(
        "falco.rule.deprecated",
        "Rules use nothing that Falco is to drop",
        "low",
        "Replace it as the message says, before an upgrade of Falco makes an error of it.",
        frozenset({codes.DEPRECATED_ITEM}),
    ),
    Wanted(
        "falco.rule.unused",
        "Macros and lists are used",
        "info",
        "Remove the macro or list, or use it.",
        frozenset({codes.UNUSED_MACRO, codes.UNUSED_LIST}),
    ),
)


def findings_of(issues: Sequence[Issue], target: str) -> list[Finding]:
    """A failure for each item that lacks something. What it is, and where, is the evidence."""
    by_subject: dict[tuple[Wanted, str, str], list[Issue]] = {}
    for issue in issues:
        by_subject.setdefault((_wanted(issue), issue.place.file, issue.item), []).append(issue)
    return [_finding(wanted, target, file, item, found) for (wanted, file, item), found in by_subject.items()]


def _wanted(issue: Issue) -> Wanted:
    if issue.severity == "error":
        return _VALID
    return next(wanted for wanted in WANTED if issue.code in wanted.codes)


def _finding(wanted: Wanted, target: str, file: str, item: str, issues: Sequence[Issue]) -> Finding:
    subject = {"kind": "falco_rules", "name": f"{file} {item}"}
    return {
        "control": wanted.id,
        "title": wanted.title,
        "severity": wanted.severity,
        "remediation": wanted.remediation,
        "references": [],
        "status": "fail",
        "target": target,
        "subject": subject,
        "expected": {"equals": []},
        "actual": sorted({issue.code for issue in issues}),
        "evidence": [str(issue) for issue in issues],
        "reason": None,
        "fingerprint": fingerprint(wanted.id, target, subject),
        "waiver": None,
        "drift": None,
    }
