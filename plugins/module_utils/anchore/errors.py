# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with Anchore Engine, as one error."""

from __future__ import annotations

KINDS = (
    "unreachable",
    "timeout",
    "unauthorised",
    "forbidden",
    "not_found",
    "conflict",
    "refused",
    "invalid_answer",
    "server_error",
    "usage",
)
"""What a caller may want to tell apart; `refused` is the engine's word on what was sent (400), `usage` is ours."""


class AnchoreError(Exception):
    """`kind` is one of KINDS, the message one sentence for the user without any secret, `status` HTTP's or 0."""

    def __init__(self, kind: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
