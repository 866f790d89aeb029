# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept, and that what is left out is counted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.keeping import Keeper, Wanted


def finding(number: int = 0, severity: str = "high", status: str = "fail", **changed: Any) -> dict[str, Any]:
    row = {
        "control": "image.vulnerability",
        "severity": severity,
        "status": status,
        "fingerprint": f"{number:x}".ljust(32, "f"),
    }
    return {**row, "expected": {"at_least": "2"}, "subject": {"kind": "image", "name": "web"}, **changed}


def keeper(limit: int = 100, minimum: str = "info", only_fixable: bool = False, passes: bool = False) -> Keeper:
    return Keeper(Wanted(minimum, only_fixable, passes), limit)


def test_the_worst_are_kept_in_their_order_and_the_others_counted() -> None:
    keeping = keeper(limit=3)
    for number, severity in enumerate(("low", "critical", "info", "high", "medium")):
        keeping.take(finding(number, severity))
    assert [row["severity"] for row in keeping.findings()] == ["critical", "high", "medium"]
    assert keeping.left_out == {"over_limit": 2}
    assert keeping.over == {("image.vulnerability", "image")}
    assert keeping.summary()["severity"] == {"critical": 1, "high": 1, "medium": 1, "low": 1, "info": 1}


def test_an_error_stays_whatever_its_severity() -> None:
    keeping = keeper(limit=1, minimum="critical")
    for number, status in enumerate(("fail", "error", "fail")):
        keeping.take(finding(number, "critical" if status == "fail" else "info", status))
    assert [row["status"] for row in keeping.findings()] == ["error"]


@pytest.mark.parametrize(
    ("keeping", "row", "why"),
    [
        (keeper(minimum="high"), finding(severity="medium"), "below_severity"),
        (keeper(only_fixable=True), finding(expected={"not_equals": "1"}), "not_fixable"),
        (keeper(minimum="high"), finding(severity="high"), None),
        (keeper(only_fixable=True), finding(control="trivy.x", expected=None), None),
    ],
)
def test_what_is_not_wanted_is_counted(keeping: Keeper, row: dict[str, Any], why: str | None) -> None:
    keeping.take(row)
    assert keeping.left_out == ({why: 1} if why else {})
    assert len(keeping.findings()) == (why is None)


def test_passes_are_counted_and_shown_where_that_is_asked_for() -> None:
    for passes in (True, False):
        keeping = keeper(minimum="critical", passes=passes)
        keeping.take(finding(status="pass"))
        assert keeping.status["pass"] == 1
        assert len(keeping.findings()) == passes


def test_twins_are_kept_once_unless_they_say_something_else() -> None:
    keeping = keeper()
    for row in (finding(), finding(), finding(status="error"), finding(severity="low")):
        keeping.take(row)
    assert len(keeping.findings()) == 3
    assert keeping.left_out == {"repeated": 1}


def test_nothing_is_left_out_of_a_file() -> None:
    rows: list[dict[str, Any]] = []
    keeping = Keeper(Wanted("info", False, False), 1, rows.append)
    for number in range(5):
        keeping.take(finding(number))
    assert (len(rows), keeping.findings(), keeping.left_out) == (5, [], {})
