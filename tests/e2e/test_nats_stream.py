# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nats_stream on a real server: the same twice changes nothing, a check nothing at all, and what is not named stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import nats
import pytest

from tests.lab.ansible import run_module
from tests.lab.nats import ADMIN, Nats, Permissions

_CONSUMER = {"name": "engine", "ack_wait": "60s", "max_ack_pending": 1000, "filter_subjects": ["falco.>"]}
_STREAM = {
    "name": "FALCO",
    "subjects": ["falco.>"],
    "max_age": "7d",
    "max_bytes": "64MiB",
    "duplicate_window": "2m",
    "deny_delete": True,
    "consumers": [_CONSUMER],
}


@pytest.fixture(scope="module")
def server() -> Iterator[Nats]:
    with Nats({"forwarder": Permissions(publish=["falco.>"], subscribe=["_INBOX.>"])}) as running:
        yield running


def _run(server: Nats, *streams: dict[str, Any], user: str = ADMIN, check: bool = False, **more: Any) -> dict[str, Any]:
    certificate, key = server.certificate_files(user)
    files = {"ca_file": server.ca_file, "cert_file": certificate, "key_file": key}
    options = {name: str(path) for name, path in {**files, "nkey_seed_file": server.seed_file(user)}.items()}
    arguments = {"servers": [server.url], **options, "streams": list(streams), **more}
    return run_module("nats_stream", arguments, check=check, diff=True)


def _info(server: Nats, stream: str) -> Any:
    async def asked() -> Any:
        connection = await nats.connect(**server.options())
        try:
            return await connection.jetstream().stream_info(stream)
        finally:
            await connection.close()

    return asyncio.run(asked())


def _publish(server: Nats, subject: str) -> None:
    async def published() -> None:
        connection = await nats.connect(**server.options())
        await connection.jetstream().publish(subject, b"{}")
        await connection.close()

    asyncio.run(published())


def test_from_nothing_to_nothing(server: Nats) -> None:
    predicted = _run(server, _STREAM, check=True)
    with pytest.raises(nats.js.errors.NotFoundError):
        _info(server, "FALCO")
    made = _run(server, _STREAM)
    assert predicted["streams"] == made["streams"]
    assert [step["action"] for step in made["streams"]] == ["created", "created"]
    again = _run(server, _STREAM)
    assert (again["changed"], again["diff"]) == (False, [])

    # What another has set and nobody declares stays.
    _run(server, {"name": "FALCO", "description": "alerts"})
    _run(server, {"name": "OTHER", "subjects": ["other.>"]})
    changed = _run(server, {**_STREAM, "max_age": "3d", "consumers": [{**_CONSUMER, "ack_wait": "30s"}]})
    assert changed["streams"][0]["fields"] == [{"path": "max_age", "before": "7d", "after": "3d"}]
    assert changed["diff"][1]["after"] == 'ack_wait: "30s"\n'
    assert _info(server, "FALCO").config.description == "alerts"

    _publish(server, "falco.notice.shell")
    refused = _run(server, {**_STREAM, "storage": "memory", "max_age": "1d"}, {"name": "THIRD", "subjects": ["third"]})
    assert "loses its 1 messages" in refused["msg"]
    assert _info(server, "FALCO").config.max_age == 3 * 86_400
    with pytest.raises(nats.js.errors.NotFoundError):
        _info(server, "THIRD")
    anew = _run(server, {**_STREAM, "storage": "memory"}, recreate=True)
    assert [step["action"] for step in anew["streams"]] == ["recreated", "created"]
    assert anew["streams"][0]["lost"] == 1

    gone = _run(server, {"name": "FALCO", "state": "absent"})
    assert gone["changed"]
    assert _run(server, {"name": "FALCO", "state": "absent"})["changed"] is False
    assert _info(server, "OTHER").config.subjects == ["other.>"]


@pytest.mark.parametrize(
    ("stream", "more", "sentence"),
    [
        ({"name": "A"}, {}, "a new stream needs subjects"),
        ({"name": "A.B", "subjects": ["x"]}, {}, "cannot be a name"),
        ({"name": "A", "subjects": ["x"], "max_age": "soon"}, {}, "is not a duration"),
        ({"name": "A", "subjects": ["x"], "replicas": 3}, {}, "the server refuses it"),
        ({"name": "A", "subjects": ["x"]}, {"user": "forwarder"}, "give the user this permission"),
        ({"name": "A", "subjects": ["x"]}, {"servers": ["tls://127.0.0.1:1"]}, "cannot be used"),
    ],
)
def test_what_cannot_be_is_one_sentence(server: Nats, stream: dict[str, Any], more: Any, sentence: str) -> None:
    refused = _run(server, stream, **more)
    assert sentence in refused["msg"]
    assert "\n" not in refused["msg"]


def test_a_server_without_tls_is_not_spoken_to_in_the_clear() -> None:
    """Whoever stands between could strip the offer of TLS from what a server says of itself."""
    with Nats(tls=False) as bare:
        seed = str(bare.seed_file(ADMIN))
        url = bare.url.replace("nats://", "tls://")
        refused = run_module("nats_stream", {"servers": [url], "nkey_seed_file": seed, "streams": [_STREAM]})
        assert "does not speak TLS" in refused["msg"]
        plain = run_module("nats_stream", {"servers": [bare.url], "nkey_seed_file": seed, "streams": [_STREAM]})
        assert plain["changed"]
