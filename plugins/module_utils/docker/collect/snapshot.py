# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assemble the snapshot of one Docker host: every collector once, each answer of the engine asked for once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.containers import (
    collect_containers,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.daemon import collect_daemon
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.files import collect_files
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.host import collect_host
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.images import collect_images
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.networks import (
    collect_networks,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.sprawl import (
    SPRAWL_FACTS,
    sprawl_facts,
    swarm_use,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.swarm import (
    collect_services,
    collect_swarm,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Facts,
    Surroundings,
    survey,
    tags_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import find_daemon
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.proof import holds_data_root
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.content_trust import (
    content_trust_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.setuid_files import setuid_files

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True)
class Wanted:
    """What to collect. `scopes` None means all; `declared` are daemon options to compare with, by JSON key."""

    scopes: frozenset[str] | None = None
    pidfile: str | None = None
    list_setuid: bool = False
    declared: dict[str, Any] | None = None

    def has(self, *scopes: str) -> bool:
        """Whether one of the scopes is wanted."""
        return self.scopes is None or bool(self.scopes & set(scopes))


def collect(engine: Engine, wanted: Wanted | None = None) -> dict[str, Any]:
    """The snapshot: {schema_version, kind, collected_at, versions, errors, subjects: {scope: [subject]}}.

    Raises DockerError where the engine does not answer at all; what else cannot be read is in `errors` by scope, or
    in `unknown` of a subject.
    """
    chosen = wanted or Wanted()
    version = engine.version()
    view = _view(engine, chosen)
    snapshot: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": "docker",
        "collected_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "host": str(view.info.get("Name") or "localhost"),
        "versions": {
            "engine": version.get("Version"),
            "api": version.get("ApiVersion"),
            "kernel": version.get("KernelVersion"),
        },
        "errors": {},
        "subjects": {},
    }
    _Collection(engine, chosen, view, snapshot).run()
    return snapshot


def _view(engine: Engine, wanted: Wanted) -> DaemonView:
    view = view_daemon(engine, find_daemon(engine.socket_path, wanted.pidfile), wanted.declared)
    if view.process is None or holds_data_root(view.process, str(view.info.get("DockerRootDir"))):
        return view
    return view_daemon(engine, None, wanted.declared)


class _Collection:
    """One collecting, scope by scope."""

    def __init__(self, engine: Engine, wanted: Wanted, view: DaemonView, snapshot: dict[str, Any]) -> None:
        self._engine = engine
        self._wanted = wanted
        self._view = view
        self._errors: dict[str, str] = snapshot["errors"]
        self._subjects: dict[str, list[Facts]] = snapshot["subjects"]

    def run(self) -> None:
        process = self._view.process
        self._scope("host", lambda: collect_host(self._engine, process, view=self._view))
        self._scope("daemon", lambda: collect_daemon(self._engine, process, view=self._view))
        self._scope("file", lambda: collect_files(self._engine, process, view=self._view))
        self._scope("swarm", lambda: collect_swarm(self._engine, process, view=self._view))
        self._scope("service", lambda: collect_services(self._engine, self._view.info))
        if self._wanted.has("host", "image", "container", "network"):
            self._objects()

    def _scope(self, name: str, collector: Callable[[], list[Facts]]) -> None:
        if not self._wanted.has(name):
            return
        try:
            self._subjects[name] = collector()
        except DockerError as exc:
            self._errors[name] = str(exc)

    def _objects(self) -> None:
        """Images, containers, networks, and what their numbers say of the host: from the same four lists."""
        try:
            images = self._engine.get("/images/json") or []
            rows = self._engine.get("/containers/json", all=1) or []
            networks = self._engine.get("/networks") or []
            volumes = (self._engine.get("/volumes") or {}).get("Volumes") or []
        except DockerError as exc:
            self._errors.update(dict.fromkeys(("image", "container", "network"), str(exc)))
            for host in self._subjects.get("host", ()):
                _add(host, {"unknown": dict.fromkeys(SPRAWL_FACTS, str(exc))})
            return
        for host in self._subjects.get("host", ()):
            _add(host, sprawl_facts(images, rows, volumes))
            _add(host, content_trust_facts(self._view))
            _add(host, swarm_use(self._engine, self._view.info))
        self._scope("network", lambda: collect_networks(networks, rows))
        if self._wanted.has("image", "container"):
            self._containers(images, rows, survey(self._view, networks, volumes))

    def _containers(self, images: list[Facts], rows: list[Facts], around: Surroundings) -> None:
        files = around.files if around.processes else None
        lister = partial(setuid_files, files=around.files) if self._wanted.list_setuid else None
        try:
            used = (str(row.get("ImageID")) for row in rows)
            found = collect_images(self._engine, images, used, datetime.now(timezone.utc), lister, files)
        except DockerError as exc:
            self._errors.update(dict.fromkeys(("image", "container"), str(exc)))
            return
        if self._wanted.has("image"):
            self._subjects["image"] = found
        known = replace(around, tags=tags_of(images), images={str(facts.get("id")): facts for facts in found})
        self._scope("container", lambda: collect_containers(self._engine, rows, known))


def _add(subject: Facts, facts: Facts) -> None:
    subject.setdefault("unknown", {}).update(facts.pop("unknown", {}))
    subject.update(facts)
