# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of answers, never more of them than one is ready to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp


async def read_at_most(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """(the first `limit` bytes, whether there were more). What is left over is not waited for."""
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_chunked(65536):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return b"".join(pieces)[:limit], True
    return b"".join(pieces), False


def seconds_to_wait(response: aiohttp.ClientResponse) -> float | None:
    """The seconds of a Retry-After header; a date in it is not read, for clocks differ."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
