# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of a control to the CIS Kubernetes Benchmark, by the id that each version of it gives the same matter.

1.6.0 is the one of Kubernetes 1.16 to 1.21, 1.12.0 the one of 1.32 to 1.34. In between the ids of the API server
(1.2) moved with every flag that went away, those of pod security (5.2) by one, and 5.7 became 5.6.
"""

from __future__ import annotations

from collections.abc import Mapping

BENCHMARK = "cis-kubernetes"
VERSIONS = ("1.6.0", "1.12.0")


def cis_k8s(id_1_12_0: str | None, id_1_6_0: str | None = None) -> tuple[Mapping[str, str], ...]:
    """The references of a control: its id in 1.12.0 and in 1.6.0, None where a version does not have the matter."""
    numbers = {"1.12.0": id_1_12_0, "1.6.0": id_1_6_0}
    return tuple(
        {"benchmark": BENCHMARK, "version": version, "id": number} for version, number in numbers.items() if number
    )
