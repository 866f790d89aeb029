# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when a system is evaluated. Every message is one sentence for the user."""

from __future__ import annotations


class OpenscapError(Exception):
    """oscap, its content or what it shall look at is not there, or the evaluation did not come to its end."""
