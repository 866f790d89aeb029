# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between us and NATS. Every message is one sentence for the user."""

from __future__ import annotations


class NatsError(Exception):
    """Anything wrong with a server, or with what was asked of it, that a user can act upon."""
