# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the API server: what it sends, and what it makes of answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from tests.unit.roles.response_engine.answering import Answer, Reply, Seen, Server, with_server

PODS = "/api/v1/namespaces/shop/pods"


def _asked(answer: Answer, ask: Callable[[KubernetesApi], Awaitable[Any]], **settings: str) -> tuple[Any, list[Seen]]:
    async def play(server: Server) -> tuple[Any, list[Seen]]:
        api = KubernetesApi({"server": server.url, **settings}, timeout=5)
        try:
            return await ask(api), server.seen
        finally:
            await api.close()

    result: tuple[Any, list[Seen]] = with_server(answer, play)
    return result


def test_json_goes_and_comes() -> None:
    async def ask(api: KubernetesApi) -> list[Any]:
        await api.patch(f"{PODS}/web", {"a": 1})
        await api.delete(f"{PODS}/web", {"preconditions": {"uid": "u"}})
        await api.put(f"{PODS}/web", {"b": 2})
        return [await api.get(f"{PODS}/web", {"q": "ä&b"}), await api.post(PODS, {"c": 3})]

    answers, seen = _asked(lambda _seen: Reply(201, {"kind": "Pod"}), ask)
    assert answers == [{"kind": "Pod"}, {"kind": "Pod"}]
    assert [each.method for each in seen] == ["PATCH", "DELETE", "PUT", "GET", "POST"]
    assert seen[0].headers["Content-Type"] == "application/merge-patch+json"
    assert seen[1].json == {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "u"}}
    assert seen[3].query == {"q": "ä&b"}


def test_a_list_is_read_page_by_page() -> None:
    async def ask(api: KubernetesApi) -> list[str]:
        return [item["n"] async for item in api.items(PODS, {"labelSelector": "app=web"})]

    def answer(seen: Seen) -> Reply:
        if seen.query.get("continue") == "more":
            return Reply(body={"items": [{"n": "c"}], "metadata": {}})
        return Reply(body={"items": [{"n": "a"}, {"n": "b"}], "metadata": {"continue": "more"}})

    names, seen = _asked(answer, ask)
    assert names == ["a", "b", "c"]
    assert {each.query["labelSelector"] for each in seen} == {"app=web"}


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [(500, {}, None), (503, {"Retry-After": "7"}, 7.0), (429, {"Retry-After": "Fri, 31 Dec"}, None), (401, {}, None)],
)
def test_what_may_be_otherwise_later_is_unreachable(
    status: int, headers: dict[str, str], retry_after: float | None
) -> None:
    with pytest.raises(Unreachable) as caught:
        _asked(lambda _seen: Reply(status, {"reason": "R", "message": "m"}, headers), lambda api: api.get(PODS))
    assert caught.value.retry_after == retry_after


def test_a_refusal_has_the_servers_reason() -> None:
    body = {"kind": "Status", "reason": "Forbidden", "message": "no pods for you"}
    with pytest.raises(ApiError, match="403 Forbidden: no pods for you") as caught:
        _asked(lambda _seen: Reply(403, body), lambda api: api.get(PODS))
    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")


def test_something_else_may_stand_before_the_server() -> None:
    with pytest.raises(ApiError, match="404 Not Found: <html>"):
        _asked(lambda _seen: Reply(404, "<html>"), lambda api: api.get(PODS))


def test_a_redirection_is_not_followed() -> None:
    with pytest.raises(ApiError, match="302") as caught:
        _asked(lambda _seen: Reply(302, "", {"Location": "/elsewhere"}), lambda api: api.get(PODS))
    assert caught.value.status == 302


def test_a_renewed_token_is_used(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")

    async def ask(api: KubernetesApi) -> None:
        await api.get(PODS)
        await api.get(PODS)
        renewed = tmp_path / "renewed"
        renewed.write_text("second")
        os.replace(renewed, file)
        await api.get(PODS)

    _result, seen = _asked(lambda _seen: Reply(), ask, token_file=str(file))
    assert [each.headers["Authorization"] for each in seen] == ["Bearer first", "Bearer first", "Bearer second"]


def test_a_token_that_is_not_there_may_come_yet(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="none cannot be read"):
        _asked(lambda _seen: Reply(), lambda api: api.get(PODS), token_file=str(tmp_path / "none"))


def test_nobody_listens() -> None:
    async def ask() -> None:
        async with Server(lambda _seen: Reply()) as server:
            url = server.url
        api = KubernetesApi({"server": url})
        try:
            await api.get(PODS)
        finally:
            await api.close()

    with pytest.raises(Unreachable, match="does not answer"):
        asyncio.run(ask())


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy nor a cluster that the environment names."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
    _answer, seen = _asked(lambda _seen: Reply(), lambda api: api.get(PODS))
    assert len(seen) == 1
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, "kubernetes.server"),
        ({"server": "http://api.example.com"}, "https"),
        ({"server": "https://user:word@api.example.com"}, "must be scheme, host"),
        ({"server": "https://api.example.com", "ca_file": "/no/such/file"}, "/no/such/file"),
    ],
)
def test_settings_that_cannot_be_used(settings: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        KubernetesApi(settings)
