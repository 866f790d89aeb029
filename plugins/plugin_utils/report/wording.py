# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings in words, the same in every format."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.json_text import small

_OPERATORS = {
    "equals": "{}",
    "not_equals": "anything but {}",
    "in": "one of {}",
    "not_in": "none of {}",
    "contains": "to contain {}",
    "not_contains": "not to contain {}",
    "contains_none": "to contain none of {}",
    "contains_any": "to contain any of {}",
    "contains_all": "to contain all of {}",
    "subset_of": "nothing but {}",
    "at_least": "at least {}",
    "at_most": "at most {}",
    "matches": "to match {}",
    "not_matches": "not to match {}",
    "mode_within": "no mode bit beyond {}",
}
_SWITCHES = {
    "empty": {True: "nothing", False: "something"},
    "present": {True: "to be set", False: "not to be set"},
}


def subject_text(subject: Mapping[str, str]) -> str:
    """A subject for a reader: `container web`, `pod shop/cart (container app)`, or `run app/Dockerfile:12`."""
    if subject.get("file"):
        return f"{subject['kind']} {place_text(subject)}"
    namespace, container = subject.get("namespace"), subject.get("container")
    name = f"{namespace}/{subject['name']}" if namespace and subject["name"] else namespace or subject["name"]
    return f"{subject['kind']} {name}".strip() + (f" (container {container})" if container else "")


def place_text(subject: Mapping[str, str]) -> str:
    """The file of a subject, and its line where that is known: `app/Dockerfile:12`."""
    return f"{subject['file']}:{subject['line']}" if subject.get("line") else subject["file"]


def value_text(value: Any) -> str:
    """A value for a reader: text as it is, anything else as JSON, and null as `not set`."""
    if value is None:
        return "not set"
    if isinstance(value, str):
        return value
    return small(value)


def expected_text(expected: Mapping[str, Any] | None) -> str:
    """What a control expects, such as `at least 2`; empty where it expects nothing that a machine can judge."""
    if not expected:
        return ""
    operator, operand = next(iter(expected.items()))
    return _simple(operator, operand) if isinstance(operand, (str, bool, int)) else _expectation(operator, operand)


def _expectation(operator: str, operand: Any) -> str:
    if operator in _SWITCHES and isinstance(operand, bool):
        return _SWITCHES[operator][operand]
    return _OPERATORS.get(operator, operator + " {}").replace("{}", value_text(operand))


# Typed, because 1 and True are equal and read differently.
_simple = lru_cache(maxsize=1024, typed=True)(_expectation)


def verdict_text(finding: Finding) -> str:
    """Why a finding is what it is: its reason, or what was expected and what is there."""
    if finding["reason"]:
        return str(finding["reason"])
    expected = expected_text(finding["expected"])
    if not expected:
        return str(finding["title"])
    return f"Expected {expected}; found {value_text(finding['actual'])}."


def references_text(finding: Finding) -> str:
    """The references of a finding, such as `cis-docker 1.8.0 5.5, cis-docker 1.6.0 5.4`."""
    return ", ".join(f"{row['benchmark']} {row['version']} {row['id']}" for row in finding["references"])
