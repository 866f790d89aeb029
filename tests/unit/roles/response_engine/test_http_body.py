# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers are read up to a limit."""

from __future__ import annotations

import aiohttp
import pytest

from bulkhead_response.http_body import read_at_most, seconds_to_wait
from tests.unit.roles.response_engine.answering import Reply, Server, with_server


def _read(reply: Reply, limit: int) -> tuple[bytes, bool, float | None]:
    async def play(server: Server) -> tuple[bytes, bool, float | None]:
        async with aiohttp.ClientSession() as http, http.get(server.url) as response:
            body, more = await read_at_most(response, limit)
            return body, more, seconds_to_wait(response)

    result: tuple[bytes, bool, float | None] = with_server(lambda _seen: reply, play)
    return result


@pytest.mark.parametrize(("size", "more"), [(0, False), (9, False), (10, False), (11, True), (1_000_000, True)])
def test_never_more_than_the_limit(size: int, more: bool) -> None:
    body, found_more, _wait = _read(Reply(body="x" * size), 10)
    assert (body, found_more) == (b"x" * min(size, 10), more)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("-1", None), ("1e9", None), ("Fri, 31 Dec 1999 23:59:59 GMT", None)],
)
def test_how_long_to_wait(header: str, seconds: float | None) -> None:
    assert _read(Reply(headers={"Retry-After": header}), 10)[2] == seconds
