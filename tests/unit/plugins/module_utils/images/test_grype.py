# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Grype's JSON tells of vulnerabilities."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images import grype
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import CvssScores

SCORE = {"version": "3.1", "metrics": {"baseScore": 5}}


def test_vulnerabilities_of_a_report() -> None:
    scores = [
        {"version": "2.0", "metrics": {"baseScore": 10}},
        {"version": "3.1", "metrics": {"baseScore": 9.8, "exploitabilityScore": 3.9, "impactScore": 5.9}},
        {"version": "3.0", "metrics": {"baseScore": 7}},
    ]
    row = {
        "vulnerability": {"id": "GHSA-1", "severity": "Strange", "fix": {"versions": ["2"], "state": "wont-fix"}},
        "relatedVulnerabilities": [{"id": "CVE-1", "cvss": scores}],
        "artifact": {"name": "a", "version": "1", "type": "npm"},
    }
    found = grype.vulnerabilities_of({"matches": [row, row, "nonsense"]})
    assert len(found) == 1
    assert (found[0].severity, found[0].fixed_in, found[0].will_not_fix) == ("unknown", (), True)
    assert (found[0].nvd, found[0].vendor, found[0].cvss) == (CvssScores(9.8, 3.9, 5.9), CvssScores(), 9.8)
    assert found[0].aliases == ("CVE-1",)
    assert grype.database_built({"descriptor": {"db": {"status": {"built": "x"}}}}) == "x"


def test_a_vulnerability_that_is_nvds_own() -> None:
    fix = {
        "versions": ["2"],
        "state": "fixed",
        "available": [{"version": "2", "date": "2026-02-03"}, {"version": "1.9", "date": "2026-01-02"}, {}],
    }
    told = {"id": "CVE-1", "severity": "High", "namespace": "nvd:cpe", "fix": fix, "cvss": [SCORE]}
    (found,) = grype.vulnerabilities_of({"matches": [{"vulnerability": told, "artifact": {}}]})
    assert (found.nvd.base, found.vendor, found.fixed_at, found.fixed_in) == (5.0, CvssScores(), "2026-01-02", ("2",))
    (found,) = grype.vulnerabilities_of(
        {"matches": [{"vulnerability": {**told, "namespace": "debian:distro:debian:12"}}]}
    )
    assert (found.nvd, found.vendor.base) == (CvssScores(), 5.0)


@pytest.mark.parametrize("wrong", [7, "text", [7], {"a": 7}, None, True])
@pytest.mark.parametrize("key", ["vulnerability", "relatedVulnerabilities", "artifact"])
def test_a_report_with_wrong_types_ends_in_no_traceback(key: str, wrong: object) -> None:
    assert len(grype.vulnerabilities_of({"matches": [{key: wrong}]})) == 1
    inner = dict.fromkeys(("fix", "cvss", "severity", "locations", "id", "name", "type"), wrong)
    assert len(grype.vulnerabilities_of({"matches": [{"vulnerability": inner, "artifact": inner}]})) == 1
