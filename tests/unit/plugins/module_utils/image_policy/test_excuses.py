# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which whitelist excuses what, until when, and that long ones are fast."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import (
    Whitelist,
    WhitelistItem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.excuses import (
    Excuses,
    has_ended,
)

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
GATE = "vulnerabilities"


def excuses(*patterns: str, gate: str = GATE) -> Excuses:
    return Excuses([Whitelist("w", tuple(WhitelistItem(gate, pattern) for pattern in patterns), name="old")], NOW)


@pytest.mark.parametrize(
    ("pattern", "trigger_id", "is_excused"),
    [
        ("CVE-1+openssl", "CVE-1+openssl", True),
        ("CVE-1+openssl", "CVE-1+openssl3", False),
        ("CVE-1+*", "CVE-1+a+b", True),
        ("CVE-1+*", "CVE-10+a", False),
        ("CVE-*+openssl", "CVE-1+openssl", True),
        ("CVE-1*", "CVE-10+a", True),
        ("*+openssl", "CVE-1+openssl", True),
        ("*", "anything", True),
        ("libstdc++*", "libstdc++6", True),
        ("regexp:CVE-[12]\\+a$", "CVE-2+a", True),
        ("regexp:CVE-[12]\\+a$", "CVE-3+a", False),
        ("c++", "c++", True),
    ],
)
def test_patterns(pattern: str, trigger_id: str, is_excused: bool) -> None:
    assert excuses(pattern).of(GATE, trigger_id) == ("old" if is_excused else "")
    assert excuses(pattern).of(GATE.upper(), trigger_id) == ("old" if is_excused else "")
    assert excuses(pattern, gate="packages").of(GATE, trigger_id) == ""


@pytest.mark.parametrize(
    ("expires_on", "is_over"),
    [
        ("", False),
        ("2026-02-03T04:05:06Z", True),
        ("2026-02-03T04:05:07Z", False),
        ("2026-02-03T05:05:06+01:00", True),
        ("2026-02-03T04:05:07", False),
        ("next year", True),
    ],
)
def test_an_end_is_an_end(expires_on: str, is_over: bool) -> None:
    assert has_ended(expires_on, NOW) is is_over
    whitelist = Whitelist("w", (WhitelistItem(GATE, "*", expires_on=expires_on),))
    assert Excuses([whitelist], NOW).of(GATE, "x") == ("" if is_over else "w")


def test_a_thousand_items_against_thousands_of_matches() -> None:
    began = time.process_time()
    long = excuses(*(f"CVE-2023-{number}+*" for number in range(1000)))
    assert not any(long.of(GATE, f"CVE-2024-{number}+package") for number in range(3000))
    assert long.of(GATE, "CVE-2023-999+package") == "old"
    assert time.process_time() - began < 2
