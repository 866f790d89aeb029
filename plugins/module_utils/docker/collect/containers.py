# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as subjects of an audit, stopped ones included: one request each, and one for each open exec session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.images import has_healthcheck
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import users
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.isolation import (
    isolation_facts,
    resolve_joined,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.privileges import (
    privilege_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import LiveProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.resources import (
    resource_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Facts,
    Surroundings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import (
    image_reference,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import (
    secret_in,
    secrets_in_command,
    secrets_in_env,
    without_secrets,
)

# An audit costs two requests a container at most; sessions beyond this many are not looked at, and said so.
_MOST_EXECS = 10
_SSH_SERVERS = ("sshd", "dropbear")


def collect_containers(engine: Engine, listed: Iterable[Mapping[str, Any]], around: Surroundings) -> list[Facts]:
    """One subject for each container of GET /containers/json?all=1; one that has gone meanwhile is left out."""
    subjects = []
    for row in listed:
        try:
            inspected = engine.get(f"/containers/{row['Id']}/json")
        except EngineStatus as exc:
            if exc.status != 404:
                subjects.append(_unreadable(row, around, str(exc)))
            continue
        facts = container_facts(inspected, around)
        _add_execs(engine, inspected.get("ExecIDs") or (), facts)
        if around.processes is None and facts["running"]:
            _add_ssh_servers_remotely(engine, row["Id"], facts)
        subjects.append(facts)
    resolve_joined(subjects)
    return sorted(subjects, key=lambda facts: str(facts["subject"]["name"]))


def container_facts(container: Mapping[str, Any], around: Surroundings) -> Facts:
    """Facts of one inspected container, but for its exec sessions."""
    state, config = container.get("State") or {}, container.get("Config") or {}
    full_id = str(container.get("Id") or "")
    running = bool(state.get("Running"))
    live = _live(around, state, full_id)
    unknown: dict[str, str] = {}
    return {
        "subject": {"kind": "container", "name": str(container.get("Name") or full_id[:12]).lstrip("/")},
        "unknown": unknown,
        "full_id": full_id,
        "created": container.get("Created"),
        "state": str(state.get("Status") or ""),
        "running": running,
        "labels": _labels(config.get("Labels")),
        "runtime": str((container.get("HostConfig") or {}).get("Runtime") or ""),
        "has_healthcheck": has_healthcheck(config),
        "health": str((state.get("Health") or {}).get("Status") or ""),
        "secrets": _secrets(config),
        "ssh_servers": sorted(set(around.ssh_servers.get(full_id, ()))),
        "exec_sessions": 0,
        "privileged_execs": [],
        "root_execs": [],
        **_image_facts(container, config, around),
        **privilege_facts(container, around, live, unknown),
        **resource_facts(container, around, live, unknown),
        **isolation_facts(container, around),
    }


def _secrets(config: Mapping[str, Any]) -> list[dict[str, str]]:
    """Secrets of the environment, and of the commands, which everybody on the host reads in the process list."""
    check = (config.get("Healthcheck") or {}).get("Test") or ()
    lists = (config.get("Entrypoint"), config.get("Cmd"), check)
    command = " ".join(str(word) for words in lists for word in words or ())
    return [
        *({**secret, "where": "environment"} for secret in secrets_in_env(config.get("Env"))),
        *({**secret, "where": "command"} for secret in secrets_in_command(command)),
    ]


def _live(around: Surroundings, state: Mapping[str, Any], full_id: str) -> LiveProcess | None:
    return around.processes.live(int(state.get("Pid") or 0), full_id) if around.processes else None


def _labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """Labels, with a fingerprint in place of a secret (proxies are told their passwords by labels)."""
    found = ((name, value, secret_in(name, value)) for name, value in (labels or {}).items())
    return {name: secret["fingerprint"] if secret else without_secrets(value) for name, value, secret in found}


def _image_facts(container: Mapping[str, Any], config: Mapping[str, Any], around: Surroundings) -> Facts:
    name, image_id = str(config.get("Image") or ""), str(container.get("Image") or "")
    # `docker run` takes an id of any length, and keeps what it was given.
    tag = f"{image_reference.DEFAULT_REGISTRY}/library/{name}:latest"
    shortened = name != "" and image_id.startswith(f"sha256:{name}") and tag not in around.tags
    reference = image_reference.parse(image_id if shortened else name)
    tagged = "" if reference.pinned else around.tags.get(f"{reference.name}:{reference.tag}", "")
    return {
        "image": name,
        "image_id": image_id,
        "image_floating": reference.floating,
        "image_pinned": reference.pinned,
        "image_has_digest": bool((around.images.get(image_id) or {}).get("digests")),
        "image_tag_present": bool(tagged),
        "image_outdated": bool(tagged) and tagged != image_id,
    }


def _add_execs(engine: Engine, ids: Iterable[str], facts: Facts) -> None:
    """Sessions of `docker exec` that the engine remembers: those open, and those that ended a few minutes ago."""
    every = list(ids)
    facts["exec_sessions"] = len(every)
    for exec_id in every[:_MOST_EXECS]:
        try:
            process = engine.get(f"/exec/{exec_id}/json").get("ProcessConfig") or {}
        except EngineStatus:
            continue  # ended and forgotten since
        program = str(process.get("entrypoint") or "")
        if process.get("privileged"):
            facts["privileged_execs"].append(program)
        if process.get("user") and users.is_root(process["user"]):
            facts["root_execs"].append(program)
    if len(every) > _MOST_EXECS:
        reason = f"{len(every)} exec sessions are open; {_MOST_EXECS} of them were looked at."
        facts["unknown"].update(privileged_execs=reason, root_execs=reason)


def _add_ssh_servers_remotely(engine: Engine, container_id: str, facts: Facts) -> None:
    """The same by the API, for a daemon on another host: ps over there, one request."""
    try:
        answer = engine.get(f"/containers/{container_id}/top", ps_args="-eo pid,args")
    except EngineStatus as exc:
        facts["unknown"]["ssh_servers"] = str(exc)
        return
    if facts["namespaces"]["pid"] == "host":
        facts["unknown"]["ssh_servers"] = (
            "The container sees its host's processes, and only the host itself can tell them apart from its own."
        )
        return
    programs = [str(row[-1]).split(" ", maxsplit=1)[0] for row in answer.get("Processes") or () if row]
    names = {program.rsplit("/", maxsplit=1)[-1].rstrip(":") for program in programs}
    facts["ssh_servers"] = sorted(names & set(_SSH_SERVERS))


def _unreadable(row: Mapping[str, Any], around: Surroundings, reason: str) -> Facts:
    """A subject of which nothing is known, so that every control says so."""
    names = row.get("Names") or [row["Id"][:12]]
    known = container_facts({}, around)
    return {
        "subject": {"kind": "container", "name": str(names[0]).lstrip("/")},
        "unknown": dict.fromkeys((*known, "no_new_privileges", "open_files_limit"), reason),
    }
