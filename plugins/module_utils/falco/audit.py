# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of falco_audit: choose the controls, get a snapshot, evaluate, and put the answer together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    Params,
    answer,
    choose,
    stored_snapshot,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.falco import (
    FALCO_CONTROLS,
    FALCO_SCOPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.snapshot import (
    SCHEMA_VERSION,
    Wanted,
    collect,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import release_of

# There is no benchmark of Falco; sections choose nothing.
_FALCO = Audited("falco", "falco_audit", SCHEMA_VERSION, FALCO_SCOPES, "falco")


def audit(params: Params) -> dict[str, Any]:
    """What the module returns. Raises ControlError for unusable options, FalcoError for unreadable files."""
    controls = chosen_controls(params)
    snapshot, requests = _snapshot(params)
    return answer(params, snapshot, controls, params.get("target") or "falco", requests)


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    percent = params.get("drops_percent")
    limit = {} if percent is None else {"falco.drops.kernel": {"expected": {"at_most": percent}}}
    return choose(params, _FALCO, FALCO_CONTROLS, limit)


def _snapshot(params: Params) -> tuple[Mapping[str, Any], int]:
    stored = stored_snapshot(params, _FALCO)
    if stored is not None:
        return stored, 0
    version = params.get("falco_version") or ""
    if version:
        release_of(version)
    return collect(
        Wanted(
            urls=params.get("urls") or (),
            config_path=params.get("config_path") or "",
            rules_paths=params.get("rules_paths") or (),
            version=version,
            platform=params.get("platform") or "host",
            declared_config=params.get("declared_config"),
            declared_rules=params.get("declared_rules"),
            health_path=params.get("health_path") or "/healthz",
            ca_path=params.get("ca_path"),
            validate_certs=params.get("validate_certs") is not False,
            timeout=params.get("timeout") or 10.0,
        )
    )
