# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of the lab's contract server behind a scripted server, for unit tests: nothing is validated here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from tests.lab.anchore.engine import Engine, Refusal
from tests.unit.scripted_http import Asked, Reply, Script, ScriptedHttp, scripted_http

Fault = Callable[[Asked], "Reply | None"]


def speaking(engine: Engine, fault: Fault = lambda asked: None) -> Script:
    """Answer as the engine does, where the fault gives no other answer."""

    def answer(asked: Asked) -> Reply:
        wrong = fault(asked)
        if wrong is not None:
            return wrong
        parts = urlsplit(asked.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            return Reply(value=engine.answer(asked.method, unquote(parts.path).removeprefix("/v1"), query, asked.body))
        except Refusal as refusal:
            return Reply(refusal.status, refusal.value)

    return answer


@contextlib.contextmanager
def client_of_lab(
    engine: Engine, fault: Fault = lambda asked: None, retries: int = 0
) -> Iterator[tuple[AnchoreClient, ScriptedHttp]]:
    """A client of the engine, and what it was asked."""
    with (
        scripted_http(speaking(engine, fault)) as server,
        AnchoreClient(server.url, "admin", "s3cret-word", timeout=5.0, retries=retries) as client,
    ):
        yield client, server
