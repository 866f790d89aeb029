# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that a type of field can be compared with."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import FieldType
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.values import check_value


def taken(kind: str, text: str, op: str = "=") -> bool:
    try:
        check_value(FieldType("x.y", kind), op, text)
    except RulesError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("INT64", ["0", "-1", "+5", " 7", "99999999999999999999"], ["", "x", "1x", "0x1f", "1.5", "1 "]),
        ("UINT8", ["300"], ["a"]),
        ("DOUBLE", ["1"], ["1.0"]),
        ("ABSTIME", ["5"], ["now"]),
        ("PORT", ["", "0", "80", "70000", "http", "ssh"], ["-1", "80x", "no-such-service", "9" * 12]),
        ("IPADDR", ["10.0.0.1", "::1", "fe80::1"], ["", "10.0.0", "256.0.0.1", "host", "10.0.0.0/8", "1::2::3"]),
        (
            "IPNET",
            ["10.0.0.0/8", "0.0.0.0/0", "fe80::/10"],
            ["10.0.0.0", "10.0.0.0/33", "fe80::/0", "fe80::/129", "x/8"],
        ),
        ("BOOL", ["true", "false"], ["True", "1", "yes", ""]),
        ("CHARBUF", ["", "x" * 255, "anything at all"], ["x" * 256, "é" * 128]),
    ],
)
def test_values_by_type(kind: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not taken(kind, text)] == []
    assert [text for text in bad if taken(kind, text)] == []


def test_bytes_are_written_in_hex() -> None:
    assert taken("BYTEBUF", "48545450", "bcontains")
    assert not taken("BYTEBUF", "485", "bcontains")
    assert not taken("BYTEBUF", "4g", "bstartswith")
    assert taken("BYTEBUF", "4g", "contains")
