# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with Clair. Every message is one sentence for the user."""

from __future__ import annotations


class ClairError(Exception):
    """A declaration that cannot be meant, or an answer of Clair, or of a registry, that is none."""
