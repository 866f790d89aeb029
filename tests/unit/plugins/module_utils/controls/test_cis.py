# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References name a control's id in each version of the benchmark."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis


def test_each_version_has_its_own_id() -> None:
    assert cis("2.8", "2.7") == (
        {"benchmark": "cis-docker", "version": "1.8.0", "id": "2.8"},
        {"benchmark": "cis-docker", "version": "1.6.0", "id": "2.7"},
    )


def test_a_version_that_lacks_the_matter_is_left_out() -> None:
    assert [reference["version"] for reference in cis("2.7", None)] == ["1.8.0"]
    assert [reference["version"] for reference in cis(None, "1.1.9")] == ["1.6.0"]
