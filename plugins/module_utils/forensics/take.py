# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the evidence of one subject: a new folder, its parts, the seal. What is there already is not taken again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_parts import (
    ContainerParts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import (
    ContainerSubject,
    SubjectGone,
    inspect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
    safe_name,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.parts import take_parts
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_parts import PodParts
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_subject import PodSubject
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster

# The runtime whose containers the Docker Engine knows.
_DOCKER = "docker"


@dataclass(frozen=True)
class Custodian:
    """Who takes the evidence: facts of the person and the machine, and the tool with its version."""

    who: Mapping[str, Any]
    host: str
    tool: str

    def line(self, **facts: Any) -> dict[str, Any]:
        """A record of custody, as of now."""
        return {"time": now(), "who": dict(self.who), "host": self.host, "tool": self.tool, **facts}


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def container_set_name(case: str, name: str, container_id: str) -> str:
    """The name of a container's set; the same for the same container in the same case."""
    return f"{case}-container-{safe_name(name)}-{container_id[:12]}"


def pod_set_name(case: str, namespace: str, name: str, uid: str) -> str:
    """The name of a pod's set."""
    return f"{case}-pod-{safe_name(namespace)}-{safe_name(name)}-{uid[:8]}"


@dataclass
class Taker:
    """Takes evidence as one request asks for it."""

    request: Request
    custodian: Custodian
    engine: Engine | None = None
    cluster: Cluster | None = None

    def container(self, subject: ContainerSubject) -> dict[str, Any]:
        """Take a container's set; {path, manifest_sha256, parts, files, bytes}. Raises ForensicsError, DockerError."""
        name = container_set_name(self.request.case, subject.name, subject.id)

        def take(folder: EvidenceFolder) -> list[dict[str, Any]]:
            return self._container_parts(subject, folder, "container")

        return self._sealed(name, subject.as_dict(), take)

    def pod(self, subject: PodSubject) -> dict[str, Any]:
        """Take a pod's set. Raises ForensicsError, K8sError."""
        cluster = self.cluster
        if cluster is None:
            raise AssertionError("pods are only asked for with a cluster")
        name = pod_set_name(self.request.case, subject.namespace, subject.name, subject.uid)

        def take(folder: EvidenceFolder) -> list[dict[str, Any]]:
            ours = self._containers_of(subject, folder) if self.request.pod_containers else []
            return ours + take_parts(PodParts(cluster, subject, self.request, folder).parts())

        return self._sealed(name, subject.as_dict(), take)

    def _sealed(
        self, name: str, subject: Mapping[str, Any], take: Callable[[EvidenceFolder], list[dict[str, Any]]]
    ) -> dict[str, Any]:
        began = now()
        folder = EvidenceFolder(self.request.folder, name, self.request.min_free_bytes)
        try:
            parts = take(folder)
            files, size = len(folder.files), sum(file["size"] for file in folder.files)
            facts = {"case": self.request.case, "reason": self.request.reason, "subject": dict(subject)}
            times = {"began": began, "ended": now()}
            digest = seal.seal(
                folder,
                {**facts, **times, "taken_by": self.custodian.line(), "parts": parts},
                self.custodian.line(**facts),
            )
            folder.finish()
        finally:
            folder.abandon()
        return {"path": folder.final, "manifest_sha256": digest, "parts": parts, "files": files, "bytes": size}

    def _containers_of(self, pod: PodSubject, folder: EvidenceFolder) -> list[dict[str, Any]]:
        """Through the engine of this node: what is most easily lost comes first."""
        engine, taken = self.engine, []
        if engine is None:
            raise AssertionError("containers are only asked for with an engine")
        for row in pod.containers():
            at = f"containers/{safe_name(row['name'])}"
            if row["runtime"] != _DOCKER or not row["id"]:
                reason = f"its runtime is {row['runtime'] or 'unknown'}, and only that of Docker is read on the node"
                taken.append({"name": at, "status": "skipped", "reason": reason, "seconds": 0.0})
                continue
            try:
                subject = inspect(engine, row["id"])
            except DockerError as exc:
                taken.append({"name": at, "status": "error", "reason": str(exc), "seconds": 0.0})
                continue
            taken += self._container_parts(subject, folder, at)
        return taken

    def _container_parts(self, subject: ContainerSubject, folder: EvidenceFolder, at: str) -> list[dict[str, Any]]:
        engine = self.engine
        if engine is None:
            raise AssertionError("containers are only asked for with an engine")
        parts = ContainerParts(engine, subject, self.request, folder, at)
        with _paused(engine, subject, self.request) as pausing:
            taken = take_parts(parts.parts())
        return [*pausing[:1], *taken, *pausing[1:], *take_parts(parts.capture())]


@contextmanager
def _paused(engine: Engine, subject: ContainerSubject, request: Request) -> Iterator[list[dict[str, Any]]]:
    """Keep the container from going on meanwhile, where that is asked for and it does; a paused one stays so.

    Yields what came of it, to which is added what came of letting it go on.
    """
    if not request.pause:
        yield []
        return
    wanted = bool(subject.state.get("Running")) and not subject.state.get("Paused")
    outcome = take_parts([("pause", lambda: _pause(engine, subject, wanted))])
    try:
        yield outcome
    finally:
        if wanted and outcome[0]["status"] == "taken" and not request.keep_paused:
            outcome += take_parts([("unpause", lambda: _unpause(engine, subject))])


def _unpause(engine: Engine, subject: ContainerSubject) -> str:
    engine.close()  # a part that was broken off may have left an answer behind
    engine.post(f"/containers/{subject.id}/unpause")
    return ""


def _pause(engine: Engine, subject: ContainerSubject, wanted: bool) -> str:
    if not wanted:
        return f"the container is {subject.state.get('Status')}, and stays so"
    engine.post(f"/containers/{subject.id}/pause")
    return ""


def existing(folder: str, name: str) -> str | None:
    """The path of a sealed set of this name."""
    path = os.path.join(folder, name)
    return path if os.path.isfile(os.path.join(path, seal.MANIFEST)) else None


def existing_of_gone(folder: str, pattern: str, gone: SubjectGone) -> str:
    """The set of a subject that is not there any more, taken while it was; `pattern` is one of set names.

    Raises the SubjectGone where there is none, or more than one.
    """
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = [path for name in names if re.fullmatch(pattern, name) and (path := existing(folder, name))]
    if len(found) != 1:
        raise gone
    return found[0]
