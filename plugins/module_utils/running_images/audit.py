# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of image_audit: choose the controls, join what runs with what was decided, evaluate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
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
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.running_images import (
    RUNNING_IMAGE_CONTROLS,
    RUNNING_IMAGE_SCOPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.decisions import (
    Approvals,
    Verdicts,
    approvals_from,
    read_json,
    verdicts_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.running import (
    Row,
    listed_rows,
    merged,
    rows_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.running_images.snapshot import (
    SCHEMA_VERSION,
    snapshot,
)

# No benchmark speaks of verdicts on images: sections choose nothing.
_IMAGES = Audited("images", "image_audit", SCHEMA_VERSION, RUNNING_IMAGE_SCOPES, "")


def audit(params: Params) -> dict[str, Any]:
    """What the module returns. Raises ControlError for unusable options."""
    controls = chosen_controls(params)
    stored = stored_snapshot(params, _IMAGES)
    if stored is None:
        stored = snapshot(_running(params), _verdicts(params), _approvals(params), datetime.now(timezone.utc))
    result = answer(params, stored, controls, params["target"], requests=0)
    return {**result, "to_scan": to_scan(stored)}


def to_scan(stored: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every content that runs and that a registry knows, as image_scan takes it."""
    found = []
    for facts in stored["subjects"].get("running_image") or ():
        name = str(facts["subject"]["name"])
        read = image_reference.parse(name)
        for digest in facts.get("digests") or ():
            found.append({"image": f"registry:{read.name}@{digest}", "name": name, "digest": str(digest)})
    return found


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    thresholds = at_most({"image.running.evaluation_age": params.get("max_evaluation_days")})
    return choose(params, _IMAGES, RUNNING_IMAGE_CONTROLS, thresholds)


def _running(params: Params) -> list[Row]:
    found: Iterable[Row] = [row for given in params.get("snapshots") or () for row in rows_of(given)]
    return merged([*found, *listed_rows(params.get("images") or ())])


def _verdicts(params: Params) -> Verdicts:
    given = list(params.get("evaluations") or ())
    path = params.get("evaluations_path")
    if path:
        read = read_json("evaluations_path", str(path))
        rows = read.get("images") if isinstance(read, Mapping) else read
        if not isinstance(rows, list):
            raise ControlError(f"evaluations_path: {path} holds no list of evaluations")
        given += rows
    return verdicts_from(given)


def _approvals(params: Params) -> Approvals | None:
    given, path = params.get("approved"), params.get("approved_path")
    if path:
        given = read_json("approved_path", str(path))
        if not isinstance(given, Mapping):
            raise ControlError(f"approved_path: {path} must hold an object of references and their digests")
    return None if given is None else approvals_from(given)
