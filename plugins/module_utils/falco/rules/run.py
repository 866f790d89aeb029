# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module falco_rules does with its options: gather the files, judge them, and have them put in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import summarize
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.check import (
    Verdict,
    check_rules,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import (
    ALL_PLUGINS,
    Engine,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.falco_program import (
    FalcoVerdict,
    find_falco,
    validate,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.findings import (
    WANTED,
    findings_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import (
    RulesFolder,
    RulesTaskError,
    read_text,
    rules_files,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.given import (
    given_files,
    given_names,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import Issue
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.placement import Placement

Params = Mapping[str, Any]
Files = list[tuple[str, str]]


@dataclass
class Outcome:
    """What came of a task. failure: why it is to fail, or nothing."""

    result: dict[str, Any]
    failure: str = ""
    warnings: list[str] = field(default_factory=list)


def run(params: Params, *, check: bool, temporary: str) -> Outcome:
    """Check, and with state present or absent change the folder. RulesTaskError where an option cannot be used."""
    engine = _engine(params)
    place = Placement(RulesFolder(params["dest"]), exclusive=params["exclusive"])
    if params["state"] == "absent":
        return Outcome(place.remove(given_names(params["rules"]), check=check))
    given = given_files(params["rules"], paths=params["state"] == "checked")
    base = [(file, read_text(file)) for path in params["base"] for file in rules_files(path)]
    files = [*base, *(place.load_order(given) if params["state"] == "present" else given.items())]
    outcome = _judged(params, check_rules(files, engine), set(given))
    if params["state"] == "present" and not outcome.failure:
        said = _ask_falco(params, files, temporary)
        outcome.result["falco"] = _falco_result(said)
        if said is not None and not said.valid:
            outcome.failure = f"{said.program} refuses the rules, and nothing was changed: {'; '.join(said.errors)}"
        else:
            outcome.result.update(place.install(given, check=check))
    return outcome


def _engine(params: Params) -> Engine:
    plugins = params["plugins"]
    if plugins is None:
        return Engine(params["falco_version"])
    unknown = next((plugin["name"] for plugin in plugins if plugin["name"] not in ALL_PLUGINS), "")
    if unknown:
        known = ", ".join(sorted(ALL_PLUGINS))
        raise RulesTaskError(f"plugins: the fields of {unknown} are not known here; known are {known}")
    return Engine(params["falco_version"], {plugin["name"]: plugin["version"] or "" for plugin in plugins})


def _judged(params: Params, verdict: Verdict, own: set[str]) -> Outcome:
    """The result of a check: the issues of our files, and the errors of those that Falco loads beside them."""
    known = {issue.code for issue in verdict.issues}
    judged = [issue for issue in verdict.issues if issue.place.file in own or issue.severity == "error"]
    issues = [issue for issue in judged if not _ignored(issue, params["ignore"])]
    target = params["target"]
    findings = findings_of(issues, target)
    result = {
        "changed": False,
        "valid": verdict.valid,
        "issues": [issue.as_dict() for issue in issues],
        "rules": [rule.as_dict() for rule in verdict.rules if rule.file in own],
        "findings": findings,
        "summary": {**summarize(findings), "controls": len(WANTED)},
        "controls": sorted(wanted.id for wanted in WANTED),
        "target": target,
    }
    warnings = [f"ignore: no issue has the code {code}" for code in params["ignore"] if code not in known]
    return Outcome(result, _failure(params, issues), warnings)


def _ignored(issue: Issue, codes: Sequence[str]) -> bool:
    """Only what Falco takes can be ignored."""
    return issue.severity == "warning" and issue.code in codes


def _failure(params: Params, issues: Sequence[Issue]) -> str:
    fail_on = params["fail_on"]
    # Rules that Falco would not load are never put in its folder: it would not start again.
    fails = {"error"} if fail_on != "never" or params["state"] == "present" else set()
    fails |= {"warning"} if fail_on == "warning" else set()
    found = [issue for issue in issues if issue.severity in fails]
    if not found:
        return ""
    more = f", and {len(found) - 1} more, see issues" if len(found) > 1 else ""
    return f"The rules are not as they should be: {found[0]}{more}"


def _ask_falco(params: Params, files: Files, temporary: str) -> FalcoVerdict | None:
    program = find_falco(params["falco"] or "")
    if not program:
        return None
    return validate(program, params["falco_config"] or "", files, temporary)


def _falco_result(said: FalcoVerdict | None) -> dict[str, Any]:
    if said is None:
        return {"program": "", "asked": False, "errors": []}
    return {"program": said.program, "asked": True, "errors": list(said.errors)}
