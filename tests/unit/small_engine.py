# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough of Anchore Engine for unit tests of what configures it: bundles, registries, subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from tests.unit.scripted_http import Asked, Reply, scripted_http

Record = dict[str, Any]


def _refused(status: int, message: str) -> Reply:
    return Reply(status, {"message": message, "httpcode": status, "detail": {}})


@dataclass
class SmallEngine:
    """Its records; `written` are the requests that were no GET. `deaf` passes over `active` of a new subscription."""

    policies: dict[str, Record] = field(default_factory=dict)
    registries: dict[str, Record] = field(default_factory=dict)
    subscriptions: dict[str, Record] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    deaf: bool = False
    written: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        """The answer to one request."""
        path = unquote(urlsplit(asked.path).path).removeprefix("/v1/")
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        if asked.method != "GET":
            self.written.append(f"{asked.method} {path}")
            self.bodies.append(asked.body)
        if path in self.answers:
            answer = self.answers[path]
            return answer if isinstance(answer, Reply) else Reply(value=answer)
        kind, _slash, name = path.partition("/")
        handler = getattr(self, f"_{kind}", None)
        return handler(asked.method, name, query, asked.body) if handler else _refused(404, "no such path")

    def _policies(self, method: str, name: str, query: dict[str, str], body: Any) -> Reply:
        if method == "GET":
            return Reply(value=list(self.policies.values()))
        if method == "DELETE":
            if self.policies[name]["active"]:
                return _refused(500, "cannot delete an active policy")
            return Reply(value=self.policies.pop(name))
        if method == "POST":
            self.policies[body["id"]] = {"policyId": body["id"], "active": False, "policybundle": body}
            return Reply(value=self.policies[body["id"]])
        if self.policies[name]["active"] and not body["active"]:
            return _refused(500, "cannot deactivate an active policy")
        if query.get("active") == "true":
            for record in self.policies.values():
                record["active"] = False
        self.policies[name] = {**self.policies[name], **body}
        return Reply(value=[self.policies[name]])

    def _registries(self, method: str, name: str, query: dict[str, str], body: Any) -> Reply:
        if method == "GET":
            told = [{key: row[key] for key in row if key != "registry_pass"} for row in self.registries.values()]
            return Reply(value=told)
        if method == "DELETE":
            self.registries.pop(name)
            return Reply(value=True)
        if body["registry_pass"] == "wrong" and query["validate"] == "true":
            return _refused(406, "cannot ping supplied registry with wrong as b'wrong'")
        self.registries[body["registry"]] = body
        return Reply(value=[body])

    def _subscriptions(self, method: str, name: str, query: dict[str, str], body: Any) -> Reply:
        if method == "GET":
            return Reply(value=list(self.subscriptions.values()))
        if method == "DELETE":
            self.subscriptions.pop(name)
            return Reply(value=True)
        if method == "POST":
            name = f"{body['subscription_key']}+{body['subscription_type']}".replace("/", "-")
            active = body.get("active", False) and not self.deaf
            self.subscriptions[name] = {**body, "subscription_id": name, "active": active}
        else:
            self.subscriptions[name].update(body)
        return Reply(value=[self.subscriptions[name]])


@contextmanager
def speaking(engine: SmallEngine) -> Iterator[AnchoreClient]:
    """Our client of it."""
    with scripted_http(engine) as server:
        client = AnchoreClient(server.url, "admin", "s3cret-word", timeout=5.0, retries=0)
        try:
            yield client
        finally:
            client.close()
