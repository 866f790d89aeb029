# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the evidence of a Docker container, in the order in which they are lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import (
    changed_files,
    confinement,
    container_log,
    open_sockets,
    process_facts,
    redaction,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.capture import record
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import (
    ContainerSubject,
    inspect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import PartSkipped
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.parts import Part
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import (
    CONTAINER_PARTS,
    Request,
)

_MOST_PROGRAMS = 20


@dataclass
class ContainerParts:
    """One container whose evidence goes below `at` of a set."""

    engine: Engine
    subject: ContainerSubject
    request: Request
    folder: EvidenceFolder
    at: str
    proc: process_facts.ProcFolder = field(default_factory=process_facts.ProcFolder)

    def parts(self) -> Iterator[Part]:
        """Those that are asked for."""
        for name in CONTAINER_PARTS:
            if name in self.request.parts:
                yield f"{self.at}/{name}", getattr(self, f"_{name}")

    def capture(self) -> Iterator[Part]:
        """The recording, which needs a container that runs."""
        if self.request.capture is not None:
            yield f"{self.at}/capture", self._capture

    @cached_property
    def first_pid(self) -> int:
        """The first process. Raises PartSkipped where the container does not run, or not on this host."""
        pid = int(self.subject.state.get("Pid") or 0)
        if pid <= 0:
            raise PartSkipped(f"the container is {self.subject.state.get('Status', 'not running')}")
        if self.subject.id not in self.proc.text(pid, "cgroup"):
            raise PartSkipped("its processes are not seen from here: the engine runs elsewhere, or this is no root")
        return pid

    @cached_property
    def process_rows(self) -> list[dict[str, Any]]:
        """The facts of each process."""
        found = process_facts.members(self.proc, self.subject.id, self.first_pid)
        rows = [{**process_facts.facts(self.proc, pid), "known_by": how} for pid, how in found.items()]
        return [row for row in rows if row["name"]]  # one without a name has gone meanwhile

    def _processes(self) -> str:
        self._document("processes.json", self._without_secrets(self.process_rows))
        deleted = [row for row in self.process_rows if row["exe_deleted"] and row["exe_sha256"]]
        programs = {row["exe_sha256"]: row["pid"] for row in deleted}
        for digest, pid in list(programs.items())[:_MOST_PROGRAMS]:
            self._program(pid, digest)
        return ""

    def _program(self, pid: int, digest: str) -> None:
        """A program whose file was deleted is nowhere else to be had. It cannot be run from where it is kept."""
        with open(f"{self.proc.root}/{pid}/exe", "rb") as file:
            pieces = iter(lambda: file.read(1 << 20), b"")
            self.folder.write(f"{self.at}/deleted_programs/{digest}", pieces, self.request.bounds.file_bytes)

    def _sockets(self) -> str:
        self._document("sockets.json", open_sockets.sockets(self.proc, self.process_rows))
        return ""

    def _confinement(self) -> str:
        pid = self.first_pid
        self._document("namespaces.json", confinement.namespaces(self.proc, pid))
        self._document("control_groups.json", confinement.control_groups(self.proc, pid))
        self._document("mounts.json", confinement.mounts(self.proc, pid))
        return ""

    def _stats(self) -> str:
        if not self.subject.state.get("Running"):
            raise PartSkipped(f"the container is {self.subject.state.get('Status', 'not running')}")
        path = f"/containers/{self.subject.id}/stats"
        self._document("stats.json", self.engine.get(path, stream=False, **{"one-shot": True}))
        return ""

    def _inspect(self) -> str:
        # Read again: while it was being paused it may have changed.
        self._document("inspect.json", redaction.document(inspect(self.engine, self.subject.id).inspected))
        return ""

    def _logs(self) -> str:
        request, path = self.request, f"/containers/{self.subject.id}/logs"
        pieces = self.engine.stream(path, stdout=True, stderr=True, timestamps=True, tail=request.log_lines)
        terminal = (self.subject.inspected.get("Config") or {}).get("Tty")
        try:
            lines = pieces if terminal else container_log.frames(pieces)
            whole = self.folder.write(f"{self.at}/log.txt", lines, request.log_bytes)
        finally:
            self.engine.close()
        return "" if whole else f"only the first {request.log_bytes} bytes of the last {request.log_lines} lines"

    def _files(self) -> str:
        rows = changed_files.changes(self.engine, self.subject.id)
        self._document("changes.json", rows)
        mounts = [str(mount.get("Destination")) for mount in self.subject.inspected.get("Mounts") or ()]
        wanted = changed_files.batches(rows, mounts)
        return changed_files.take(self.engine, self.subject.id, wanted, self.request.bounds, self.folder, self.at)

    def _image(self) -> str:
        image = str(self.subject.inspected.get("Image"))
        described = {
            "image": self.engine.get(f"/images/{image}/json"),
            "history": self.engine.get(f"/images/{image}/history"),
        }
        self._document("image.json", self._without_secrets(described))
        return ""

    def _without_secrets(self, value: Any) -> Any:
        return redaction.document(value, beside=self.subject.inspected)

    def _capture(self) -> str:
        capture = self.request.capture
        if capture is None:
            raise PartSkipped("it was not asked for")
        return record(capture, self.first_pid, self.subject.id, self.folder, self.at)

    def _document(self, name: str, value: Any) -> None:
        self.folder.write_json(os.path.join(self.at, name), value)
