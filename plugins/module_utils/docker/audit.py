# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of docker_audit: choose the controls, get a snapshot, evaluate, and put the answer together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    Params,
    answer,
    at_most,
    choose,
    stored_snapshot,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import BENCHMARK
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import (
    DOCKER_CONTROLS,
    DOCKER_SCOPES,
    as_configured,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.snapshot import (
    SCHEMA_VERSION,
    Wanted,
    collect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import connect

_DOCKER = Audited("docker", "docker_audit", SCHEMA_VERSION, DOCKER_SCOPES, BENCHMARK)


def audit(params: Params) -> dict[str, Any]:
    """What the module returns. Raises ControlError for unusable options, DockerError for an unreachable engine."""
    controls = chosen_controls(params)
    snapshot, requests = _snapshot(params, controls)
    target = params.get("target") or _host_name(snapshot)
    return answer(params, snapshot, controls, target, requests)


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    ours = as_configured(
        DOCKER_CONTROLS,
        allowed_registries=params.get("allowed_registries") or (),
        list_setuid=bool(params.get("list_setuid")),
    )
    return choose(params, _DOCKER, ours, _thresholds(params))


def _thresholds(params: Params) -> dict[str, dict[str, Any]]:
    """Options that are an expectation by a name that is easier to remember."""
    changes = at_most(
        {
            "docker.image.age": params.get("image_max_age_days"),
            "docker.host.image_sprawl": params.get("max_unused_images"),
            "docker.host.container_sprawl": params.get("max_stopped_containers"),
        }
    )
    users: Sequence[str] | None = params.get("trusted_users")
    if users is not None:
        changes["docker.host.trusted_users"] = {"expected": {"subset_of": list(users)}}
    return changes


def _snapshot(params: Params, controls: Sequence[Control]) -> tuple[Mapping[str, Any], int]:
    stored = stored_snapshot(params, _DOCKER)
    if stored is not None:
        return stored, 0
    engine = connect(params)
    try:
        wanted = Wanted(
            scopes=None if params.get("include_snapshot") else frozenset(control.scope for control in controls),
            pidfile=params.get("pidfile"),
            declared=params.get("declared"),
            list_setuid=bool(params.get("list_setuid")),
        )
        return collect(engine, wanted), engine.requests
    finally:
        engine.close()


def _host_name(snapshot: Mapping[str, Any]) -> str:
    hosts = snapshot["subjects"].get("host") or ()
    return str(hosts[0]["subject"]["name"]) if hosts else str(snapshot.get("host") or "localhost")
