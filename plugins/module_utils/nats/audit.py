# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of nats_audit: choose the controls, get a snapshot, evaluate, and put the answer together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control, ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    Params,
    answer,
    at_most,
    choose,
    stored_snapshot,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.nats import (
    NATS_CONTROLS,
    NATS_SCOPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.snapshot import (
    SCHEMA_VERSION,
    collect,
)

# There is no benchmark of NATS: sections choose nothing.
_NATS = Audited("nats", "nats_audit", SCHEMA_VERSION, NATS_SCOPES, "")


def audit(params: Params) -> dict[str, Any]:
    """What the module returns. Raises ControlError for unusable options, NatsError for an unreachable server."""
    controls = chosen_controls(params)
    snapshot, requests = _snapshot(params)
    target = params.get("target") or str(snapshot.get("cluster") or "nats")
    return answer(params, snapshot, controls, target, requests)


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    thresholds = at_most(
        {
            "nats.consumer.lag": params.get("consumer_lag"),
            "nats.server.jetstream_storage": params.get("storage_percent"),
        }
    )
    days = params.get("certificate_days")
    if days is not None:
        if days < 0:
            raise ControlError(f"certificate_days must not be negative, and it is {days}")
        thresholds["nats.server.certificate_days_left"] = {"expected": {"at_least": days}}
    return choose(params, _NATS, NATS_CONTROLS, thresholds)


def _snapshot(params: Params) -> tuple[Mapping[str, Any], int]:
    stored = stored_snapshot(params, _NATS)
    return (stored, 0) if stored is not None else collect(params)
