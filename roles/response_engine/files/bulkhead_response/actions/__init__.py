# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions by name: each changes something in a cluster or on a Docker host, once."""

from __future__ import annotations

from bulkhead_response.step_table import StepTable

_HERE = "bulkhead_response.actions"
ACTIONS = StepTable(
    {
        "delete_pod": f"{_HERE}.delete_pod:DeletePod",
    }
)
