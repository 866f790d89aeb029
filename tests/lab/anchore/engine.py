# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of the contract server: what it knows, and what it answers to each operation that we use."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

Record = dict[str, Any]
_SECRET = re.compile(r"registry_pass(word)?")


class Refusal(Exception):
    """An answer that is an error: status, message and detail, as the engine words them."""

    def __init__(self, status: int, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.status = status
        self.value = {"message": message, "httpcode": status, "detail": {"error_codes": [], **detail}}


@dataclass
class Content:
    """What a registry holds under a tag: the digest, and what the analysis will find.

    rows: reasons of an evaluation, (trigger_id, gate, trigger, message, action). vulnerabilities: as the API has them.
    broken: its analysis fails.
    """

    digest: str
    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    vulnerabilities: list[Record] = field(default_factory=list)
    packages: list[Record] = field(default_factory=list)
    broken: bool = False


def digest_of(name: str) -> str:
    """A digest for a name, for tests that want one."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Engine:
    """Safe for many threads. `registry` is what can be pulled; `analysis_seconds` how long an analysis takes."""

    def __init__(self, analysis_seconds: float = 0.2) -> None:
        self.registry: dict[str, Content] = {}
        self.analysis_seconds = analysis_seconds
        self.images: dict[str, Record] = {}
        self.policies: dict[str, Record] = {}
        self.registries: dict[str, Record] = {}
        self.subscriptions: dict[str, Record] = {}
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        """What the operation returns. Raises Refusal."""
        with self._lock:
            self._go_on()
            parts = path.strip("/").split("/")
            handler: Callable[..., Any] | None = getattr(self, f"_{parts[0]}", None)
            if handler is None:
                raise Refusal(404, f"{path} was not found")
            return handler(method, parts[1:], query, body)

    def finish(self) -> None:
        """Let every analysis be over."""
        with self._lock:
            self._ends = dict.fromkeys(self._ends, 0.0)

    def _go_on(self) -> None:
        for digest, end in list(self._ends.items()):
            if time.monotonic() >= end:
                broken = any(content.digest == digest and content.broken for content in self.registry.values())
                self.images[digest]["analysis_status"] = "analysis_failed" if broken else "analyzed"
                del self._ends[digest]
            else:
                self.images[digest]["analysis_status"] = "analyzing"

    # -- images -------------------------------------------------------------------------------------------------

    def _images(self, method: str, rest: list[str], query: Mapping[str, str], body: Any) -> Any:
        if not rest:
            return self._add(query, body) if method == "POST" else self._list(query)
        image = self.images.get(rest[0])
        if image is None:
            raise Refusal(404, "image not found in DB")
        if len(rest) == 1:
            return self._delete(rest[0], query) if method == "DELETE" else [image]
        if image["analysis_status"] != "analyzed":
            raise Refusal(404, f"image is not analyzed - analysis_status: {image['analysis_status']}")
        if rest[1] == "check":
            return self._check(image, query)
        return self._vulnerabilities(image, rest[2:]) if rest[1] == "vuln" else self._content(image, rest[2:])

    def _list(self, query: Mapping[str, str]) -> list[Record]:
        status, tag = query.get("analysis_status"), query.get("fulltag")
        return [
            image
            for image in self.images.values()
            if (not status or image["analysis_status"] == status)
            and (not tag or any(detail["fulltag"] == tag for detail in image["image_detail"]))
            and (query.get("history", "").lower() == "true" or self._is_newest(image))
        ]

    def _is_newest_of(self, tag: str, digest: str) -> bool:
        details = [detail for each in self.images.values() for detail in each["image_detail"]]
        rows = [detail for detail in details if detail["fulltag"] == tag]
        newest = max(rows, key=lambda detail: str(detail["created_at"]), default=None)
        return newest is not None and bool(newest["imageDigest"] == digest)

    def _is_newest(self, image: Record) -> bool:
        """Whether it is what one of its tags was last."""
        digest = image["imageDigest"]
        return any(self._is_newest_of(detail["fulltag"], digest) for detail in image["image_detail"])

    def _add(self, query: Mapping[str, str], body: Record) -> list[Record]:
        tag, digest, dockerfile = _source(body)
        content = self.registry.get(tag)
        if content is None or (digest and digest != content.digest):
            known = [each for each in self.registry.values() if each.digest == digest]
            if not known:
                raise Refusal(
                    400,
                    f"cannot fetch image digest/manifest from registry for {tag}",
                    error_codes=["REGISTRY_IMAGE_NOT_FOUND"],
                )
            content = known[0]
        force = query.get("force", "").lower() == "true"
        image = self.images.get(content.digest)
        if image is None and force and digest:
            raise Refusal(400, "image digest must already exist to force re-analyze using tag+digest")
        if image is not None and dockerfile and not force:
            raise Refusal(400, "Cannot provide dockerfile content for an image that already exists without force=True")
        if image is None or force:
            image = self._new(content.digest, image)
        details = image["image_detail"]
        if not self._is_newest_of(tag, content.digest):
            details[:] = [detail for detail in details if detail["fulltag"] != tag]
            details.append(_detail(tag, content.digest, dockerfile))
        noted = {**(image.get("annotations") or {}), **(body.get("annotations") or {})}
        image["annotations"] = {name: value for name, value in noted.items() if value != "null"}
        if query.get("autosubscribe", "").lower() != "false":
            self._subscribe("tag_update", tag, True)
        return [image]

    def _new(self, digest: str, known: Record | None) -> Record:
        image = {
            "imageDigest": digest,
            "parentDigest": digest,
            "userId": "admin",
            "created_at": known["created_at"] if known else _now(),
            "last_updated": _now(),
            "image_status": "active",
            "image_type": "docker",
            "analysis_status": "not_analyzed",
            "annotations": (known or {}).get("annotations") or {},
            "image_detail": (known or {}).get("image_detail") or [],
            "image_content": {"metadata": {"dockerfile_mode": "Guessed"}},
        }
        self.images[digest] = image
        self._ends[digest] = time.monotonic() + self.analysis_seconds
        return image

    def _delete(self, digest: str, query: Mapping[str, str]) -> Record:
        image = self.images[digest]
        tags = {detail["fulltag"] for detail in image["image_detail"]}
        watched = [row for row in self.subscriptions.values() if row["active"] and row["subscription_key"] in tags]
        if query.get("force", "").lower() != "true" and (len(tags) > 1 or watched):
            raise Refusal(409, "cannot delete image that is the latest of its tags, and has active subscriptions")
        del self.images[digest]
        self._ends.pop(digest, None)
        for row in watched:
            del self.subscriptions[row["subscription_id"]]
        return {"digest": digest, "status": "deleting", "detail": ""}

    def _of(self, image: Record) -> Content:
        return next(each for each in self.registry.values() if each.digest == image["imageDigest"])

    def _check(self, image: Record, query: Mapping[str, str]) -> list[Record]:
        tag = query["tag"]
        if all(detail["fulltag"] != tag for detail in image["image_detail"]):
            raise Refusal(404, f"tag {tag} is not of image {image['imageDigest']}")
        active = next((row for row in self.policies.values() if row["active"]), {"policyId": "default"})
        policy = query.get("policyId") or active["policyId"]
        if query.get("policyId") and policy not in self.policies:
            raise Refusal(404, "policy not found in DB")
        rows = self._of(image).rows
        final = next((action for action in ("stop", "warn") if any(row[4] == action for row in rows)), "go")
        row: Record = {"policyId": policy, "status": "fail" if final == "stop" else "pass", "last_evaluation": _now()}
        row["detail"] = {}
        if query.get("detail", "true").lower() == "true":
            row["detail"] = _evaluation(image, tag, policy, rows, final)
        return [{image["imageDigest"]: {tag: [row]}}]

    def _vulnerabilities(self, image: Record, rest: list[str]) -> Any:
        if not rest:
            return ["os", "non-os", "all"]
        if rest[0] not in ("os", "non-os", "all"):
            raise Refusal(400, f"unsupported vulnerability type {rest[0]}")
        rows = self._of(image).vulnerabilities
        systems = ("dpkg", "rpm", "apkg")
        chosen = [row for row in rows if rest[0] == "all" or (row["package_type"] in systems) == (rest[0] == "os")]
        return {"imageDigest": image["imageDigest"], "vulnerability_type": rest[0], "vulnerabilities": chosen}

    def _content(self, image: Record, rest: list[str]) -> Any:
        kinds = ["os", "files", "npm", "gem", "python", "java", "go", "binary", "malware"]
        if not rest:
            return kinds
        if rest[0] not in kinds:
            raise Refusal(400, f"unsupported content type {rest[0]}")
        rows = [row for row in self._of(image).packages if rest[0] == "os"]
        return {"imageDigest": image["imageDigest"], "content_type": rest[0], "content": rows}

    # -- policies, registries, subscriptions --------------------------------------------------------------------

    def _policies(self, method: str, rest: list[str], query: Mapping[str, str], body: Any) -> Any:
        if not rest:
            return self._add_policy(body) if method == "POST" else list(self.policies.values())
        known = self.policies.get(rest[0])
        if known is None:
            raise Refusal(404, "policy not found in DB")
        if method == "DELETE":
            if known["active"]:
                raise Refusal(500, "cannot delete an active policy")
            del self.policies[rest[0]]
            return "deleted"
        if method == "PUT":
            for row in self.policies.values():
                row["active"] = row["active"] and not body.get("active")
            known.update(active=bool(body.get("active")), policybundle=body["policybundle"], last_updated=_now())
            return [known]
        return [known]

    def _add_policy(self, bundle: Record) -> Record:
        gates = [rule["gate"] for policy in bundle["policies"] for rule in policy.get("rules", ())]
        if "nonsense" in gates:
            details = [{"error_msg": "Gate nonsense was not found", "message": "Gate nonsense was not found"}]
            raise Refusal(400, "Bundle failed validation", validation_details=details)
        record = {
            "policyId": bundle["id"],
            "active": False,
            "userId": "admin",
            "policy_source": "local",
            "created_at": _now(),
            "last_updated": _now(),
            "policybundle": bundle,
        }
        self.policies[bundle["id"]] = record
        return record

    def _registries(self, method: str, rest: list[str], query: Mapping[str, str], body: Any) -> Any:
        if not rest and method == "GET":
            return [_shown(row) for row in self.registries.values()]
        if method == "POST" and body["registry"] in self.registries:
            raise Refusal(500, "registry already exists in DB")
        if rest and rest[0] not in self.registries:
            raise Refusal(404, "registry not found in DB")
        if method == "DELETE":
            del self.registries[rest[0]]
            return None
        if method in ("POST", "PUT"):
            if query.get("validate", "").lower() != "false" and body.get("registry_pass") == "wrong":
                raise Refusal(
                    406, f"cannot ping/login to registry with {body['registry_user']}/{body['registry_pass']}"
                )
            self.registries[body["registry"]] = {
                "created_at": _now(),
                "last_updated": _now(),
                "userId": "admin",
                **body,
            }
            return [_shown(self.registries[body["registry"]])]
        return [_shown(self.registries[rest[0]])]

    def _subscriptions(self, method: str, rest: list[str], query: Mapping[str, str], body: Any) -> Any:
        if not rest and method == "GET":
            kind, key = query.get("subscription_type"), query.get("subscription_key")
            rows = self.subscriptions.values()
            return [
                row
                for row in rows
                if kind in (None, row["subscription_type"]) and key in (None, row["subscription_key"])
            ]
        if method == "POST":
            return [self._subscribe(body["subscription_type"], body["subscription_key"], bool(body.get("active")))]
        known = self.subscriptions.get(rest[0])
        if known is None:
            raise Refusal(404, "subscription not found in DB")
        if method == "DELETE":
            del self.subscriptions[rest[0]]
            return None
        if method == "PUT":
            known["active"] = bool(body["active"])
        return [known]

    def _subscribe(self, kind: str, key: str, active: bool) -> Record:
        identity = hashlib.sha256(f"admin{key}{kind}".encode()).hexdigest()[:32]
        record = {"subscription_id": identity, "subscription_type": kind, "subscription_key": key, "userId": "admin"}
        known = self.subscriptions.setdefault(identity, {**record, "active": active, "subscription_value": ""})
        known["active"] = known["active"] or active
        return known

    # -- the system ---------------------------------------------------------------------------------------------

    def _health(self, *_request: Any) -> Any:
        return None

    def _version(self, *_request: Any) -> Record:
        return {"api": {"version": "0.1.20"}, "db": {"schema_version": "0.0.16"}, "service": {"version": "1.1.0"}}

    def _status(self, *_request: Any) -> Record:
        return {
            "available": True,
            "busy": False,
            "up": True,
            "message": "all good",
            "version": "1.1.0",
            "db_version": "0.0.16",
        }

    def _system(self, method: str, rest: list[str], query: Mapping[str, str], body: Any) -> Any:
        if not rest:
            return {"service_states": self._services()}
        if rest == ["services"]:
            return self._services()
        if rest == ["feeds"]:
            group = {"name": "debian:12", "created_at": _now(), "last_sync": _now(), "record_count": 40000}
            return [{"name": "vulnerabilities", "created_at": _now(), "last_full_sync": _now(), "groups": [group]}]
        if rest == ["policy_spec"]:
            return [{"name": "always", "description": "", "state": "active", "triggers": []}]
        if rest == ["error_codes"]:
            return [{"name": "REGISTRY_IMAGE_NOT_FOUND", "description": "image not found in registry"}]
        raise Refusal(404, "not found")

    def _services(self) -> list[Record]:
        names = ("apiext", "catalog", "simplequeue", "analyzer", "policy_engine")
        return [
            {
                "servicename": name,
                "hostid": f"anchore-{name}",
                "base_url": f"http://{name}:8228",
                "status": True,
                "status_message": "available",
                "version": "v1",
                "service_detail": {"available": True, "busy": False, "up": True, "version": "1.1.0", "message": ""},
            }
            for name in names
        ]


def _source(body: Record) -> tuple[str, str, str]:
    """Tag, digest ("" for whatever it is) and Dockerfile of a request to add an image, in either of its two forms."""
    source = body.get("source") or {}
    if source.get("tag"):
        return source["tag"]["pullstring"], "", source["tag"].get("dockerfile") or ""
    if source.get("digest"):
        row = source["digest"]
        return row["tag"], row["pullstring"].rpartition("@")[2], row.get("dockerfile") or ""
    digest = str(body.get("digest") or "")
    return str(body.get("tag") or ""), digest.rpartition("@")[2] or digest, body.get("dockerfile") or ""


def _detail(tag: str, digest: str, dockerfile: str) -> Record:
    registry, _slash, rest = tag.partition("/")
    repository, _colon, name = rest.rpartition(":")
    return {
        "fulltag": tag,
        "fulldigest": f"{registry}/{repository}@{digest}",
        "registry": registry,
        "repo": repository,
        "tag": name,
        "imageDigest": digest,
        "imageId": hashlib.sha256(digest.encode()).hexdigest(),
        "userId": "admin",
        "dockerfile": dockerfile or None,
        "created_at": _now(),
        "last_updated": _now(),
    }


_HEADER = [
    *("Image_Id", "Repo_Tag", "Trigger_Id", "Gate", "Trigger", "Check_Output"),
    *("Gate_Action", "Whitelisted", "Policy_Id"),
]


def _evaluation(image: Record, tag: str, policy: str, rows: list[tuple[str, str, str, str, str]], final: str) -> Record:
    identity = image["image_detail"][0]["imageId"]
    table = [[identity, tag, *row, False, policy] for row in rows]
    result = {
        "bundle": {"id": policy},
        "created_at": int(time.time()),
        "evaluation_problems": [],
        "final_action": final,
        "final_action_reason": "policy_evaluation",
        "image_id": identity,
        "matched_mapping_rule": {"name": "default"},
        "result": {
            identity: {"result": {"header": _HEADER, "rows": table, "final_action": final, "row_count": len(table)}}
        },
        "tag": tag,
        "user_id": "admin",
        "evaluation_id": uuid.uuid4().hex,
    }
    return {"policy": {"id": policy}, "result": result}


def _shown(row: Record) -> Record:
    """A registry without its password, which the engine never tells."""
    return {name: value for name, value in row.items() if not _SECRET.fullmatch(name)}
