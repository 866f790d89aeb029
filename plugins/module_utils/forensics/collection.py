# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that one call of container_evidence does: find every subject, take what is not taken yet, archive, send."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal, take
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.archive import archive
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import (
    SubjectGone,
    find_container,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import safe_name
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_subject import find_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import (
    CONTAINER_PARTS,
    POD_PARTS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.upload import shown_url, upload
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

Result = dict[str, Any]
_ANY_ID = "[0-9a-f]{12}"


@dataclass
class Collection:
    """One call. `upload_ca` and `upload_timeout` are for sending archives."""

    taker: take.Taker
    check: bool = False
    archives: bool = False
    upload_ca: str | None = None
    upload_timeout: float = 600.0

    def run(self, containers: list[Mapping[str, Any]], pods: list[Mapping[str, Any]]) -> Iterator[Result]:
        """A result for each subject, in their order; one that fails says why and does not stop the others."""
        for entry in containers:
            shown = {"kind": "container", **{key: entry[key] for key in ("name", "id") if entry.get(key)}}
            yield self._one(shown, entry, self._container)
        for entry in pods:
            shown = {"kind": "pod", **{key: entry[key] for key in ("namespace", "name", "uid") if entry.get(key)}}
            yield self._one(shown, entry, self._pod)

    def _one(self, shown: Result, entry: Mapping[str, Any], take_it: Callable[[Mapping[str, Any]], Result]) -> Result:
        result: Result = {"subject": shown, "action": "failed", "message": ""}
        try:
            result.update(take_it(entry))
            if not self.check:
                result.update(self._carried(result, entry.get("upload_url")))
        except (ForensicsError, DockerError, K8sError) as exc:
            result["message"] = str(exc)
        return result

    def _container(self, entry: Mapping[str, Any]) -> Result:
        request = self.taker.request
        try:
            subject = find_container(_engine(self.taker), entry)
        except SubjectGone as exc:
            name = re.escape(safe_name(entry["name"].lstrip("/"))) if entry.get("name") else ".+"
            number = entry["id"][:12] if entry.get("id") else _ANY_ID
            pattern = f"{re.escape(request.case)}-container-{name}-{number}"
            return _present(take.existing_of_gone(request.folder, pattern, exc))
        name = take.container_set_name(request.case, subject.name, subject.id)
        wanted = [part for part in CONTAINER_PARTS if part in request.parts]
        return self._take(name, subject.as_dict(), wanted, lambda: self.taker.container(subject))

    def _pod(self, entry: Mapping[str, Any]) -> Result:
        request, cluster = self.taker.request, self.taker.cluster
        if cluster is None:
            raise AssertionError("pods are only asked for with a cluster")
        try:
            subject = find_pod(cluster, entry)
        except SubjectGone as exc:
            names = f"{re.escape(safe_name(entry['namespace']))}-{re.escape(safe_name(entry['name']))}"
            number = re.escape(entry["uid"][:8]) if entry.get("uid") else "[0-9a-f]{8}"
            return _present(
                take.existing_of_gone(request.folder, f"{re.escape(request.case)}-pod-{names}-{number}", exc)
            )
        name = take.pod_set_name(request.case, subject.namespace, subject.name, subject.uid)
        wanted = [part for part in POD_PARTS if part in request.parts]
        return self._take(name, subject.as_dict(), wanted, lambda: self.taker.pod(subject))

    def _take(self, name: str, subject: Result, wanted: list[str], take_it: Callable[[], Result]) -> Result:
        there = take.existing(self.taker.request.folder, name)
        if there:
            return {"subject": subject, **_present(there)}
        if self.check:
            path = os.path.join(self.taker.request.folder, name)
            return {"subject": subject, "action": "taken", "path": path, "wanted_parts": wanted}
        return {"subject": subject, "action": "taken", **take_it()}

    def _carried(self, result: Result, url: str | None) -> Result:
        """The archive and where it was sent, each with a record of custody."""
        if not self.archives and not url:
            return {}
        path, digest, made = archive(result["path"])
        carried: Result = {"archive": path, "archive_sha256": digest, "archived": made}
        if made:
            self._record(result["path"], "archived", {"archive_sha256": digest})
        if url and not _was_sent(result["path"], shown_url(url), digest):
            tag = upload(path, url, self.upload_ca, self.upload_timeout)
            carried["uploaded"] = shown_url(url)
            self._record(result["path"], "uploaded", {"to": carried["uploaded"], "etag": tag, "archive_sha256": digest})
        return carried

    def _record(self, path: str, event: str, details: Result) -> None:
        seal.append_custody(path, event=event, **self.taker.custodian.line(details=details))


def _was_sent(path: str, to: str, digest: str) -> bool:
    """Whether this very archive has gone there before, as the chain of custody says."""
    sent = [line.get("details") or {} for line in seal.custody_records(path) if line["event"] == "uploaded"]
    return any((each.get("to"), each.get("archive_sha256")) == (to, digest) for each in sent)


def _engine(taker: take.Taker) -> Engine:
    if taker.engine is None:
        raise AssertionError("containers are only asked for with an engine")
    return taker.engine


def _present(path: str) -> Result:
    """A set that was taken before, as its manifest says; whether it is intact is another question."""
    manifest, digest = seal.read_manifest(path)
    size = sum(int(row.get("size") or 0) for row in manifest["files"])
    return {
        "action": "present",
        "subject": manifest.get("subject") or {},
        "path": path,
        "manifest_sha256": digest,
        "parts": manifest.get("parts") or [],
        "files": len(manifest["files"]),
        "bytes": size,
    }


def verified(folder: str, names: list[str], expected: Mapping[str, str]) -> Iterator[Result]:
    """For each set by name, or for all below the folder, what is not as it was sealed. Raises ForensicsError."""
    try:
        there = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError as exc:
        raise ForensicsError(f"{folder} cannot be read: {exc.strerror or exc}") from exc
    wanted = [os.path.basename(name.rstrip("/")) for name in names] or sorted({*there, *expected})
    if not wanted:
        raise ForensicsError(f"{folder} holds no evidence: nothing could be verified")
    for name in wanted:
        path = os.path.join(folder, name)
        found, digest, head = seal.problems(path, expected.get(name))
        yield {"path": path, "manifest_sha256": digest, "custody_head": head, "problems": found}
