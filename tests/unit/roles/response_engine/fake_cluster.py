# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few objects behind the paths of an API server: enough of its rules for the steps' own logic.

What a real API server does with the same requests is the end-to-end tests' question.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.outcome import Outcome
from bulkhead_response.step import Step
from tests.unit.roles.response_engine.answering import CONTAINER, Reply, Seen, Server, an_alert, run

POD = "/api/v1/namespaces/shop/pods/web"
_REASONS = {404: "NotFound", 409: "Conflict", 422: "Invalid", 403: "Forbidden"}


def status(code: int, message: str = "no") -> Reply:
    """A refusal in Kubernetes' form."""
    return Reply(code, {"kind": "Status", "reason": _REASONS.get(code, ""), "message": message, "code": code})


def a_pod(name: str = "web", uid: str = "uid-1", **changes: Any) -> dict[str, Any]:
    """A ready pod. changes: parts of its metadata, and `spec` and `status` as a whole."""
    ready = {
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "main", "containerID": f"docker://{CONTAINER}", "state": {"running": {}}}],
    }
    spec = changes.pop("spec", {"nodeName": "node-1", "containers": [{"name": "main"}], "serviceAccountName": "robot"})
    state = changes.pop("status", ready)
    metadata = {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": "7", **changes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": state}


def owned_by(kind: str, name: str, uid: str, api: str = "apps/v1") -> dict[str, Any]:
    """The metadata of who belongs to a controller."""
    reference = {"apiVersion": api, "kind": kind, "name": name, "uid": uid, "controller": True}
    return {"ownerReferences": [reference]}


def a_workload(kind: str, name: str, uid: str, *, owner: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A controller of pods with the label app=web."""
    metadata = {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": "7", **(owner or {})}
    wanted = {"selector": {"matchLabels": {"app": "web"}}, "replicas": 3, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": wanted}


def _merged(old: Any, change: Any) -> Any:
    """RFC 7396."""
    if not isinstance(change, dict):
        return change
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


class FakeCluster:
    """objects: {path: object}. `before` may change them, or answer itself, before a request is looked at."""

    def __init__(self, *objects: dict[str, Any], **at: Any) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.seen: list[Seen] = []
        self.before: Callable[[Seen], Reply | None] = lambda seen: None
        for each in objects:
            self.put(each)

    def put(self, made: dict[str, Any], resource: str = "") -> str:
        """Where it is put."""
        api = made["apiVersion"]
        plural = resource or f"{made['kind'].lower()}s".replace("ys", "ies")
        space = f"/namespaces/{made['metadata']['namespace']}" if "namespace" in made["metadata"] else ""
        path = f"/{'apis' if '/' in api else 'api'}/{api}{space}/{plural}/{made['metadata']['name']}"
        self.objects[path] = copy.deepcopy(made)
        return path

    def answer(self, seen: Seen) -> Reply:
        """What an API server would, more or less."""
        self.seen.append(seen)
        early = self.before(seen)
        if early is not None:
            return early
        if seen.method == "POST":
            return self._post(seen)
        if seen.method == "GET" and seen.path not in self.objects:
            return self._list(seen)
        if seen.path not in self.objects:
            return status(404)
        return {"GET": self._get, "PATCH": self._patch, "PUT": self._put, "DELETE": self._delete}[seen.method](seen)

    def writes(self) -> list[Seen]:
        """The requests that change something."""
        return [seen for seen in self.seen if seen.method != "GET"]

    def _get(self, seen: Seen) -> Reply:
        return Reply(body=self.objects[seen.path])

    def _list(self, seen: Seen) -> Reply:
        last = seen.path.rpartition("/")[2]
        found = [each for path, each in self.objects.items() if path.rpartition("/")[0] == seen.path]
        if not found and not last.endswith("s"):
            return status(404)
        return Reply(body={"items": found, "metadata": {}}) if last.endswith(("s", "ies")) else status(404)

    def _post(self, seen: Seen) -> Reply:
        path = f"{seen.path}/{seen.json['metadata']['name']}"
        if path in self.objects:
            return status(409, "already exists")
        self.objects[path] = seen.json
        return Reply(201, seen.json)

    def _patch(self, seen: Seen) -> Reply:
        metadata, wanted = self.objects[seen.path]["metadata"], seen.json.get("metadata", {})
        for key in ("uid", "resourceVersion"):
            if key in wanted and wanted[key] != metadata[key]:
                return status(409, f"{key} is another")
        self.objects[seen.path] = _merged(self.objects[seen.path], seen.json)
        return Reply(body=self.objects[seen.path])

    def _put(self, seen: Seen) -> Reply:
        self.objects[seen.path] = seen.json
        return Reply(body=seen.json)

    def _delete(self, seen: Seen) -> Reply:
        wanted = seen.json.get("preconditions", {}).get("uid")
        if wanted and wanted != self.objects[seen.path]["metadata"]["uid"]:
            return status(409, "the UID in the precondition does not match")
        return Reply(body=self.objects.pop(seen.path))


def acted(step: Step, cluster: FakeCluster, alert: Alert | None = None, *, dry_run: bool = False) -> Outcome:
    """The outcome of an action on a cluster."""

    async def play() -> Outcome:
        async with Server(cluster.answer) as server:
            kubernetes = KubernetesApi({"server": server.url})
            try:
                return await run(step, alert or an_alert(), kubernetes=kubernetes, dry_run=dry_run)
            finally:
                await kubernetes.close()

    return asyncio.run(play())


def as_json(outcome: Outcome) -> str:
    """All that an outcome says; it fails where that is no JSON."""
    return json.dumps([outcome.status, outcome.message, outcome.details])
