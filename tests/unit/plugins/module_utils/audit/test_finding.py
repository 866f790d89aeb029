# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity, redaction and counts of findings."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    fingerprint,
    secret_fingerprint,
    shortened,
    summarize,
)


def test_parts_of_an_identity_do_not_run_together() -> None:
    assert fingerprint("a", "b", {"kind": "c", "name": "d"}) != fingerprint("a", "bc", {"kind": "", "name": "d"})
    assert fingerprint("a", "b", {"kind": "c", "namespace": "d"}) != fingerprint("a", "b", {"kind": "c", "name": "d"})


def test_a_secret_cannot_be_read_from_its_fingerprint_and_equal_secrets_look_equal() -> None:
    assert "hunter2" not in secret_fingerprint("hunter2")
    assert secret_fingerprint("hunter2") == secret_fingerprint("hunter2") != secret_fingerprint("hunter3")


def test_small_values_are_left_as_they_are() -> None:
    assert shortened({"a": [1, None, "x"]}) == {"a": [1, None, "x"]}


def test_counts_hold_every_status_and_severity() -> None:
    counts = summarize([{"status": "fail", "severity": "high"}, {"status": "manual", "severity": "high"}])
    assert counts["status"]["fail"] == 1
    assert counts["status"]["pass"] == 0
    assert counts["severity"] == {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0}
