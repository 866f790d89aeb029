# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in texts of any length: what looks for them takes the square of the time for a text of twice the length."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import (
    Found,
    secrets_in_command,
)

# No command that people write is longer, and no secret.
LONGEST = 4096


def secrets_in_text(text: str) -> list[Found]:
    """Secrets in commands and documents, piece by piece; a piece ends at a blank where there is one."""
    return [found for piece in _pieces(text) for found in secrets_in_command(piece)]


def _pieces(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = at + LONGEST
        if end < len(text):
            blank = max(text.rfind(" ", at, end), text.rfind("\n", at, end))
            end = blank if blank > at else end
        yield text[at:end]
        at = end
