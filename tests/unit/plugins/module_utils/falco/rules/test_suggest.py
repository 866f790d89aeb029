# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hints."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean


def test_a_hint_is_the_closest_name_or_nothing() -> None:
    assert did_you_mean("proc.nam", ["proc.name", "fd.name"]) == "did you mean proc.name?"
    assert did_you_mean("zzz", ["proc.name"]) == ""
