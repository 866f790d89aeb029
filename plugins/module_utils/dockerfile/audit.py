# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of dockerfile_audit: choose the controls, get a snapshot, evaluate, and put the answer together."""

from __future__ import annotations

import datetime
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control, ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding, summarize
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    Params,
    answer,
    at_most,
    choose,
    stored_snapshot,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import (
    WaiverError,
    apply_waivers,
    waiver_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.allowed_registries import (
    untrusted_sources,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile import (
    DOCKERFILE_CONTROLS,
    DOCKERFILE_SCOPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile import hadolint
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.collect import (
    SCHEMA_VERSION,
    collect,
)

_DOCKERFILE = Audited("dockerfile", "dockerfile_audit", SCHEMA_VERSION, DOCKERFILE_SCOPES, "cis-docker")
_SELECTIONS = ("select", "skip")


def audit(params: Params, folder: str) -> dict[str, Any]:
    """What the module returns; `folder` is for temporary files. Raises ControlError, DockerfileError."""
    controls = chosen_controls(params)
    target = params.get("target") or "dockerfiles"
    stored = stored_snapshot(params, _DOCKERFILE)
    known = [control.id for control in controls] + [control.id for control in DOCKERFILE_CONTROLS]
    snapshot = collect(params, target, known, folder) if stored is None else stored
    result = answer(params, snapshot, controls, target, 0)
    del result["requests"]
    _add_hadolint(result, snapshot, params, target, folder)
    _accept(result, snapshot, target)
    return result


def chosen_controls(params: Params) -> list[Control]:
    """The controls that the options ask for, checked before anything is read. Raises ControlError."""
    thresholds = at_most({"dockerfile.context.size": params.get("context_max_mb")})
    # Rules of hadolint are no rows of a table; _wanted judges their names.
    own = {name: [row for row in params.get(name) or () if not row.startswith("hadolint.")] for name in _SELECTIONS}
    if params.get("select") and not own["select"]:
        return []
    return choose({**params, **own}, _DOCKERFILE, [_allowing(row, params) for row in DOCKERFILE_CONTROLS], thresholds)


def _allowing(control: Control, params: Params) -> Control:
    """A control of what is trusted, judged by the options that say so; without them it stays manual."""
    registries, bases = params.get("allowed_registries"), params.get("allowed_bases")
    if control.id == "dockerfile.stage.base_registry" and registries:
        return _judged(control, untrusted_sources(registries), {"empty": True}, "base_known")
    if control.id == "dockerfile.copy.image_registry" and registries:
        untrusted = untrusted_sources(registries).replace("sources[", "images[].sources[] | [", 1)
        return _judged(control, untrusted, {"empty": True}, "images")
    if control.id == "dockerfile.stage.base_allowed" and bases:
        return _judged(control, "base", {"matches": "|".join(map(fnmatch.translate, bases))}, "base_known")
    return control


def _judged(control: Control, actual: str, expected: dict[str, Any], when: str) -> Control:
    absent = "No image is named of which it can be told."
    evidence = "{line: line, text: text}"
    return replace(
        control, manual="", actual=actual, expected=expected, when=when, not_applicable=absent, evidence=evidence
    )


def _add_hadolint(
    result: dict[str, Any], snapshot: Mapping[str, Any], params: Params, target: str, folder: str
) -> None:
    rows = snapshot.get("hadolint") or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ControlError("snapshot: what it holds of hadolint is no list of objects")
    found = hadolint.findings_of(hadolint.without_twins(rows, result["findings"]), target, folder)
    wanted = [row for row in found if _wanted(row["control"], params)]
    result["findings"] += wanted
    if "hadolint" in (snapshot.get("versions") or {}):
        # It names only what it found; the family says that it looked at the rest, too.
        result["controls"] = [*result["controls"], *([] if params.get("select") else ["hadolint.*"])]


def _wanted(control: str, params: Params) -> bool:
    """Whether select and skip let a rule of hadolint in."""
    skipped = any(fnmatch.fnmatchcase(control, pattern) for pattern in params.get("skip") or ())
    selected = not params.get("select") or any(fnmatch.fnmatchcase(control, row) for row in params["select"])
    return selected and not skipped


def _accept(result: dict[str, Any], snapshot: Mapping[str, Any], target: str) -> None:
    """Take what comments in the files accept for accepted, and count anew."""
    rows: Sequence[Any] = snapshot.get("waivers") or ()
    try:
        waivers = [waiver_from({**row, "target": target}, "snapshot") for row in rows]
    except (WaiverError, TypeError) as exc:
        raise ControlError(f"snapshot: {exc}") from exc
    today = datetime.datetime.now(datetime.timezone.utc).date()
    findings: list[Finding] = apply_waivers(result["findings"], waivers, today)[0]
    counts = summarize(findings)
    hidden = result["summary"]["status"]["pass"] - sum(row["status"] == "pass" for row in result["findings"])
    counts["status"]["pass"] += hidden
    result.update(findings=findings, waivers=list(rows), summary={**counts, "controls": len(result["controls"])})
    result["messages"] = _messages(findings)


def _messages(findings: Sequence[Finding]) -> list[str]:
    """What fails or could not be judged, as compilers say it: file:line: severity control: what."""
    wrong = [row for row in findings if row["status"] in ("fail", "error")]
    wrong.sort(key=_place)
    return [
        f"{row['subject'].get('file', row['subject']['kind'])}:{row['subject'].get('line', '')}: "
        f"{row['severity']} {row['control']}: {row['reason'] or row['title']}"
        for row in wrong
    ]


def _place(finding: Finding) -> tuple[str, int, str]:
    file, line = (str(finding["subject"].get(part, "")) for part in ("file", "line"))
    return file, int(line) if line.isdecimal() else 0, finding["control"]
