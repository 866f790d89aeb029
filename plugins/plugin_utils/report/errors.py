# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of the report: whatever is wrong with what the user gave, as one sentence."""

from __future__ import annotations


class ReportError(Exception):
    """What is wrong, where (file, line, option), and what to do; the action fails with it."""
