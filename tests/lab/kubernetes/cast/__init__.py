# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that an auditor of a cluster would want to meet: each is well kept but for one vice, and some have none.

So a finding about a member is right exactly when its control is in `fails`; all else is a false result. They need no
node: nothing of them runs where there is none.
"""

from __future__ import annotations

from tests.lab.kubernetes.cast.members import Member
from tests.lab.kubernetes.cast.stage import objects, set_stage, whole_cast

__all__ = ["Member", "objects", "set_stage", "whole_cast"]
