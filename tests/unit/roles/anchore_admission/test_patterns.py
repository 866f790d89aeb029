# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A star is any text, and nothing else is special."""

from __future__ import annotations

import pytest

from bulkhead_admission.patterns import any_matches, matches


@pytest.mark.parametrize(
    ("name", "patterns", "fits"),
    [
        ("shop", ("shop",), True),
        ("shop2", ("shop",), False),
        ("team-a", ("team-*",), True),
        ("registry.example.com/a/b:1", ("registry.example.com/*",), True),
        ("registryXexample.com/a", ("registry.example.com/*",), False),
        ("a\nb", ("a*",), True),
        ("x", (), False),
        ("ab", ("a", "b"), False),
    ],
)
def test_patterns_fit_the_whole_name(name: str, patterns: tuple[str, ...], fits: bool) -> None:
    assert matches(name, patterns) is fits
    assert any_matches(["-", name], patterns) is fits
