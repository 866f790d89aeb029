# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when evidence is taken. Every message is one sentence for the user."""

from __future__ import annotations


class ForensicsError(Exception):
    """Evidence cannot be taken, kept or read as asked; the message says what to do."""


class LittleSpace(ForensicsError):
    """Less space is free than shall stay free. It ends a part, not what was taken before it."""


class PartSkipped(Exception):
    """A part of the evidence that is not there to be taken, and no fault: the reason."""
