# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of a control to the CIS Docker Benchmark, by the id that each version of it gives the same matter."""

from __future__ import annotations

from collections.abc import Mapping

BENCHMARK = "cis-docker"


def cis(id_1_8_0: str | None, id_1_6_0: str | None) -> tuple[Mapping[str, str], ...]:
    """The references of a control: its id in 1.8.0 and in 1.6.0, None where a version does not have the matter."""
    numbers = {"1.8.0": id_1_8_0, "1.6.0": id_1_6_0}
    return tuple(
        {"benchmark": BENCHMARK, "version": version, "id": number} for version, number in numbers.items() if number
    )
