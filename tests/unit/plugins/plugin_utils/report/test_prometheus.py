# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus text is what the exposition format asks for, whatever hosts are called."""

from __future__ import annotations

import re

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.prometheus import render
from tests.unit.plugins.plugin_utils.report.fleet import audit, finding, fleet, previous, report

Labels = frozenset[tuple[str, str]]

_SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?\d+)$')
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parsed(one: Report) -> dict[tuple[str, Labels], int]:
    """Samples by name and labels, read by the rules of the text format 0.0.4."""
    samples: dict[tuple[str, Labels], int] = {}
    typed: set[str] = set()
    for line in render(one).split("\n")[:-1]:
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in typed
            typed.add(name)
        elif not line.startswith("# HELP "):
            match = _SAMPLE.match(line)
            assert match is not None, line
            assert match.group(1) in typed
            key = (match.group(1), labels(match.group(2) or ""))
            assert key not in samples
            samples[key] = int(match.group(3))
    return samples


def labels(text: str) -> Labels:
    pairs = _LABEL.findall(text)
    return frozenset((name, re.sub(r"\\.", lambda found: _ESCAPES[str(found.group())], value)) for name, value in pairs)


def test_findings_are_counted_by_target_severity_and_status() -> None:
    samples = parsed(report(audit("web1", finding(), finding(name="b"), finding(name="c", status="manual"), passes=5)))

    def count(severity: str, status: str) -> int:
        key = frozenset((("target", "web1"), ("severity", severity), ("status", status)))
        return samples["bulkhead_findings", key]

    assert count("critical", "fail") == 2
    assert count("critical", "manual") == 1
    assert count("high", "fail") == 0
    assert samples["bulkhead_passes", frozenset((("target", "web1"),))] == 5


def test_a_missed_host_can_raise_an_alert() -> None:
    samples = parsed(report(audit("web1"), audit("web2", reason="down")))
    assert samples["bulkhead_target_audited", frozenset((("target", "web1"),))] == 1
    assert samples["bulkhead_target_audited", frozenset((("target", "web2"),))] == 0


def test_times_are_seconds() -> None:
    samples = parsed(report(audit("web1")))
    assert samples["bulkhead_report_timestamp_seconds", frozenset()] == 1903867200
    assert samples["bulkhead_target_collected_timestamp_seconds", frozenset((("target", "web1"),))] == 1903867140


def test_drift_is_there_once_there_is_something_to_compare_with() -> None:
    before = report(audit("web1", finding()))
    assert not any(name == "bulkhead_findings_drift" for name, _labels in parsed(before))
    after = parsed(report(audit("web1"), previous=previous(before)))
    assert after["bulkhead_findings_drift", frozenset((("drift", "resolved"),))] == 1


@pytest.mark.parametrize("target", ['we"b', "we\\b", "we\nb", "wéb", "we\\nb", "a,b={}"])
def test_labels_are_escaped(target: str) -> None:
    samples = parsed(report(audit(target, finding(target=target))))
    assert ("bulkhead_target_audited", frozenset((("target", target),))) in samples


def test_no_text_of_a_finding_leaves_the_report() -> None:
    text = render(report(*fleet(2, 70)))
    assert "service-" not in text
    assert "Rule" not in text
