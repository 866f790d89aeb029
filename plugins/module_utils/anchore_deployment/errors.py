# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a declared deployment of Anchore Engine. Every message is one sentence for the user."""

from __future__ import annotations


class AnchoreDeploymentError(Exception):
    """A declaration that cannot be meant, or that would not work."""
