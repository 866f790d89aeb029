# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, each with one sentence for whoever has to mend it."""

from __future__ import annotations


class ConfigError(Exception):
    """The configuration cannot be used; the message says which key, and why."""


class Poison(Exception):
    """A message that is no alert, and that no later try will make one: it goes to the dead letters."""

    def __init__(self, reason: str, message: str) -> None:
        """reason: one token of a subject, such as not_json; message: a sentence."""
        super().__init__(message)
        self.reason = reason


class Unreachable(Exception):
    """A server that an action needs did not answer; a later try may succeed.

    `retry_after`: seconds that the server asked to be left alone for, where it said so.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """message: a sentence that names the server."""
        super().__init__(message)
        self.retry_after = retry_after
