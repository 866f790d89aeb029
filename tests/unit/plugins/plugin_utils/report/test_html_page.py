# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report is one file that holds everything, lets nothing else run, and says what the report says."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.html_page import render
from tests.unit.plugins.plugin_utils.report.fleet import audit, finding, fleet, previous, report


def data(page: str) -> dict[str, Any]:
    text = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    return dict(json.loads(text))


def between(page: str, start: str, end: str) -> str:
    return page.split(start)[1].split(end)[0]


def test_the_policy_names_the_style_and_the_script_and_nothing_else() -> None:
    page = render(report(audit("web1", finding())))
    policy = html.unescape(between(page, 'Content-Security-Policy" content="', '"'))
    for part, text in (
        ("style", between(page, "<style>", "</style>")),
        ("script", page.split("<script>")[1].split("</script>")[0]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{part}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_nothing_is_asked_of_a_network() -> None:
    page = render(report(audit("web1", finding())))
    addresses = set(re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s)>]+)""", page))
    assert {address for address in addresses if not address.startswith(("#", "data:"))} <= {
        "http://www.w3.org/2000/svg"
    }


@pytest.mark.parametrize(
    "evil",
    ["</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>", "@DATA@@SCRIPT@", "\u2028"],
)
def test_what_systems_are_called_stays_text(evil: str) -> None:
    odd = finding(name=evil, title=evil, actual={"a": evil}, evidence=evil, remediation=evil, target=evil)
    plain, page = (render(report(audit(one["target"], one), title=one["title"])) for one in (finding(), odd))
    for mark in ("<script", "</script", "<img", "<!--", "<style"):
        assert page.lower().count(mark) == plain.lower().count(mark)
    assert evil in data(page)["texts"]
    assert data(page)["targets"][0]["name"] == evil


def test_a_name_cannot_turn_the_words_around_it() -> None:
    page = render(report(audit("web1", finding(name="\u202eevil\u2066"))))
    assert "\u202e" not in page
    assert r"\u202eevil\u2066" in data(page)["texts"]


def rows(one: Report) -> list[list[int]]:
    return list(data(render(one))["rows"])


def test_a_row_refers_to_shared_texts() -> None:
    page = data(render(report(audit("web1", finding(), finding(name="b")))))
    first = page["rows"][0]
    assert page["controls"][first[0]]["title"] == "A container must not be privileged"
    assert page["targets"][first[1]]["name"] == "web1"
    assert [page["texts"][place] for place in (first[5], first[7], first[9], first[10])] == [
        "container",
        "app",
        "false",
        "true",
    ]
    assert len(page["controls"]) == 1


def test_a_line_stands_beside_the_name() -> None:
    subject = {"kind": "run", "name": "Dockerfile RUN 0a", "file": "Dockerfile", "line": "3"}
    page = data(render(report(audit("web1", finding(subject=subject)))))
    assert page["texts"][page["rows"][0][7]] == "Dockerfile RUN 0a, line 3"


def test_resolved_and_unchecked_findings_are_there_as_changes() -> None:
    before = report(audit("web1", finding()), audit("web2", finding(target="web2")))
    after = report(audit("web1"), audit("web2", reason="down"), previous=previous(before))
    assert sorted(row[4] for row in rows(after)) == [-1, 3, 4]


def test_the_orders_agree_with_the_script() -> None:
    page = render(report())
    for name, order in (
        ("SEVERITIES", ["critical", "high", "medium", "low", "info"]),
        ("STATUSES", ["fail", "error", "waived", "manual", "not_applicable", "pass"]),
        ("CHANGES", ["new", "regressed", "persisting", "resolved", "unchecked"]),
    ):
        assert json.loads(between(page, f"const {name} = ", ";")) == order


def test_a_reader_without_scripts_gets_the_counts() -> None:
    page = render(report(audit("<web>", finding(target="<web>"), passes=1), audit("down", reason="x")))
    table = between(page, "<noscript>", "</noscript>")
    assert '<th scope="row">&lt;web&gt;</th><td>1</td>' in table
    assert "<td>not audited</td>" in table


def test_a_fleet_stays_small() -> None:
    page = render(report(*fleet(200, 150)))
    assert len(page) < 3_000_000
    assert len(data(page)["rows"]) == 30_000
