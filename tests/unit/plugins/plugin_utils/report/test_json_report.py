# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON report is what the published schema says, and comes back as it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import waiver_from
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.json_report import render
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, audit, finding, fleet, previous, report


def validator() -> Any:
    schema = json.loads((Path(__file__).parents[5] / "docs/schemas/report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def full() -> Report:
    """A report with something in every part of it."""
    rows = [{"id": "a", "control": "docker.other", "subject": {"name": "b*"}, "owner": "o", "reason": "r"}]
    waivers = [waiver_from({**row, "expires": "2030-12-31"}, "w.yml:1") for row in rows]
    first = report(audit("web1", finding(), finding("docker.other", name="b")), audit("web2", finding(target="web2")))
    second = report(
        audit("web1", finding("docker.other", name="b"), controls=[PRIVILEGED, "docker.other"]),
        audit("web2", reason="down"),
        previous=previous(first),
        waivers=waivers,
    )
    assert all(second[part] for part in ("waivers", "findings", "resolved", "unchecked", "history", "targets", "drift"))
    return second


@pytest.mark.parametrize("one", [report(), report(audit("web1", finding())), full(), report(*fleet(3, 70))])
def test_reports_follow_the_published_schema(one: Report) -> None:
    validator().validate(json.loads(render(one)))


@pytest.mark.parametrize(
    ("part", "value"),
    [("schema_version", "2.0"), ("findings", [{"control": "x"}]), ("generated_at", "today"), ("gate", None)],
)
def test_the_schema_refuses_what_is_no_report(part: str, value: Any) -> None:
    assert not validator().is_valid({**full(), part: value})


def test_what_is_written_is_what_was_known() -> None:
    assert json.loads(render(full())) == full()


def test_a_finding_is_a_line() -> None:
    one = full()
    lines = render(one).splitlines()
    assert sum(PRIVILEGED in line and '"severity"' in line for line in lines) == 2
    assert all(json.dumps(row, ensure_ascii=False) in render(one) for row in one["findings"])
