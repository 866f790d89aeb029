# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of one step of a response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DONE = "done"
ALREADY_DONE = "already_done"
WOULD_DO = "would_do"
REFUSED = "refused"
FAILED = "failed"
STATUSES = (DONE, ALREADY_DONE, WOULD_DO, REFUSED, FAILED)


@dataclass(frozen=True)
class Outcome:
    """`status` is one of STATUSES. `retry`: a later try of a failed step may succeed. `details` are JSON-able facts.

    already_done: what was wanted is so already, as after a delivery that was cut off between act and record.
    refused: the step is not allowed on this target (too few replicas, an owner that is spared, another uid).
    """

    status: str
    message: str
    retry: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
