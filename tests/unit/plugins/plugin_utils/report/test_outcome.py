# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task says is short, and holds no text of a finding where only numbers belong."""

from __future__ import annotations

import json

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.outcome import diff, sentence, stats
from tests.unit.plugins.plugin_utils.report.fleet import audit, finding, fleet, previous, report


def test_the_sentence_tells_all_that_matters() -> None:
    assert sentence(report(audit("a", finding()), audit("b", reason="down"))) == (
        "1 failing (1 critical) on 2 hosts, of which 1 not audited."
    )
    assert sentence(report(audit("a"))) == "0 failing on 1 host."
    closed = report(audit("a", finding()), previous=previous(report(audit("a"))), gate=Gate(("critical",)))
    assert sentence(closed) == (
        "Gate closed: 1 critical failing (fail_on: critical). 1 failing (1 critical) on 1 host; "
        "1 new, 0 regressed, 0 resolved."
    )


def test_stats_are_small_and_hold_numbers_only() -> None:
    numbers = stats(report(*fleet(50, 150)))
    assert len(json.dumps(numbers)) < 500
    assert numbers["failing"] == sum(numbers["severity"].values())
    assert numbers["new"] is None


def test_a_diff_shows_what_came_and_what_went() -> None:
    before = report(audit("web1", finding(name="old"), finding(name="same")))
    after = report(audit("web1", finding(name="new"), finding(name="same")), previous=previous(before))
    assert diff(after) == (
        "- critical docker.container.privileged web1 container old (resolved)\n"
        "+ critical docker.container.privileged web1 container new (new)\n"
    )


def test_a_diff_ends() -> None:
    assert len(diff(report(*fleet(20, 70), previous=previous(report()))).splitlines()) == 201
