# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSCAL assessment results: complete, consistent, and the same identifiers in every report."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.oscal import _SPACE, _id, render
from tests.unit.plugins.plugin_utils.report.fleet import NOW, PRIVILEGED, audit, finding, fleet, report


def document(one: Report) -> dict[str, Any]:
    parsed = json.loads(render(one))
    assert list(parsed) == ["assessment-results"]
    return dict(parsed["assessment-results"])


def result(one: Report) -> dict[str, Any]:
    (only,) = document(one)["results"]
    return dict(only)


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for item in node:
            yield from walk(item)


def test_identifiers_are_uuids_of_version_5() -> None:
    assert _id("a", "b") == str(uuid.uuid5(_SPACE, "a\nb"))
    for key, value in walk(document(report(*fleet(2, 70)))):
        if key.endswith("uuid"):
            assert str(uuid.UUID(value)) == value
            assert uuid.UUID(value).version == 5


def test_every_reference_leads_somewhere() -> None:
    one = document(report(*fleet(2, 70)))
    known = [value for key, value in walk(one) if key == "uuid"]
    assert len(known) == len(set(known))
    for key, value in walk(one):
        if key in ("observation-uuid", "subject-uuid"):
            assert value in known
    assert one["import-ap"]["href"].lstrip("#") in known


def test_no_array_is_empty_and_no_string_is() -> None:
    for one in (report(), report(audit("web1")), report(*fleet(2, 70)), report(audit("web1", finding(title="\n")))):
        for key, value in walk(document(one)):
            assert value not in ([], "", {}), key


def test_a_finding_gathers_the_observations_of_a_control() -> None:
    one = result(
        report(audit("web1", finding(), finding(name="b")), audit("web2", finding(target="web2", status="pass")))
    )
    (gathered,) = one["findings"]
    assert len(gathered["related-observations"]) == len(one["observations"]) == 3
    assert gathered["target"]["target-id"] == PRIVILEGED
    assert gathered["target"]["status"] == {"state": "not-satisfied", "reason": "fail"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pass", {"state": "satisfied", "reason": "pass"}),
        ("fail", {"state": "not-satisfied", "reason": "fail"}),
        ("error", {"state": "not-satisfied", "reason": "other"}),
        ("manual", {"state": "not-satisfied", "reason": "other"}),
    ],
)
def test_only_a_pass_satisfies(status: str, expected: dict[str, str]) -> None:
    assert result(report(audit("web1", finding(status=status))))["findings"][0]["target"]["status"] == expected


def test_what_does_not_apply_is_no_evidence() -> None:
    one = result(report(audit("web1", finding(status="not_applicable"))))
    assert "observations" not in one
    assert "findings" not in one


def test_strings_are_lines_and_tokens_are_tokens() -> None:
    odd = finding("7 odd/control", name="a\nb", title="two\nlines ")
    for key, value in walk(document(report(audit("web\n1", odd)))):
        if key in ("title", "value"):
            assert re.fullmatch(r"\S(.*\S)?", value), (key, value)
        if key in ("target-id", "control-id"):
            assert re.fullmatch(r"[^\W\d][\w.-]*", value)


def test_the_same_verdicts_have_the_same_identifiers_later() -> None:
    one, later = (document(report(audit("web1", finding()), now=NOW.replace(day=day))) for day in (1, 2))
    assert one["uuid"] == later["uuid"]
    assert one["results"][0]["observations"][0]["uuid"] == later["results"][0]["observations"][0]["uuid"]
    assert one["metadata"]["last-modified"] != later["metadata"]["last-modified"]
    assert document(report(audit("web1")))["uuid"] != one["uuid"]
