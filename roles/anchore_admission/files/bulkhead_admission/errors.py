# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, each with one sentence for whoever has to mend it."""

from __future__ import annotations


class ConfigError(Exception):
    """The configuration, or a file that it names, cannot be used; the message says which key, and why."""


class BadReview(Exception):
    """What was sent is no review that this server reads; the message says what is wrong with it."""
