# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when a report is imported. Every message is one sentence for the user."""

from __future__ import annotations


class ImportFault(Exception):
    """A report cannot be read, is none of its format, or a file cannot be written; the message says what to do."""
