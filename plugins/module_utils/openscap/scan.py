# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of openscap_scan: each content on each subject, and the results as findings."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    SEVERITIES,
    STATUSES,
    Finding,
    fingerprint,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.run import run as imported
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.confinement import (
    WORK,
    Confinement,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.content import Content, declared
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.process import (
    PASSED,
    RULES_FAILED,
    locate,
    run,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.subjects import (
    Subject,
    container_roots,
    declared_roots,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.unjudged import (
    APPLICABLE,
    failed_result,
    unjudged,
)

Params = Mapping[str, Any]
REPORTS = {"xccdf": ("--results", "results.xml"), "arf": ("--results-arf", "arf.xml"), "html": ("--report", "html")}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def scan(params: Params, *, check: bool, folder: str) -> dict[str, Any]:
    """The module's result, with `warnings`. `folder` is for temporary files. Raises OpenscapError, DockerError.

    Everything that is declared is found before anything is evaluated.
    """
    if params["timeout"] <= 0:
        raise OpenscapError("timeout must be more than 0 seconds")
    program = locate(params["program"])
    ask = partial(_asked, program, params["timeout"])
    contents = [declared(row, ask) for row in params["contents"]]
    subjects = _subjects(params)
    if not contents or not subjects:
        raise OpenscapError("Nothing is to be evaluated: name contents, and host, containers or roots")
    reports = None if check else params["reports_dir"]
    if reports and not os.path.isdir(reports):
        raise OpenscapError(f"reports_dir {reports} is no folder on this host")
    results, warnings, changed = [], [], False
    for subject in subjects:
        for content in contents:
            with tempfile.TemporaryDirectory(prefix="openscap-", dir=folder) as work:
                result = _evaluated(program, params, subject, content, work)
                changed |= bool(reports) and _kept(params, result, work)
            warnings += [result["warning"]] if result["warning"] else []
            results.append(result)
    return {"changed": changed, "results": results, "summary": _total(results), "warnings": warnings}


def _asked(program: str, seconds: float, arguments: Sequence[str]) -> str:
    return run([program, *arguments], seconds, {}, "The content cannot be read", [PASSED])


def _subjects(params: Params) -> list[Subject]:
    found = [Subject("host")] if params["host"] else []
    if params["containers"]:
        if not params["docker_host"].startswith("unix://"):
            raise OpenscapError(
                "containers needs a docker_host that is a socket of this host: their roots are looked at"
            )
        found += container_roots(Engine(params["docker_host"]), params["containers"])
    found += declared_roots(params["roots"])
    if params["fetch_remote_resources"] and [subject for subject in found if subject.root]:
        raise OpenscapError("fetch_remote_resources goes with the host alone: roots are looked at without a network")
    return found


def _evaluated(program: str, params: Params, subject: Subject, content: Content, work: str) -> dict[str, Any]:
    """The result. Who fills a container may stop its evaluation, and no other one."""
    try:
        _evaluate(program, params, subject, content, work)
    except OpenscapError as exc:
        if not subject.root:
            raise
        return failed_result(params["target"] or "", subject, content.name, str(exc))
    return _result(params, subject, content, work)


def _evaluate(program: str, params: Params, subject: Subject, content: Content, work: str) -> None:
    """Let oscap write its reports into the folder."""
    confinement = Confinement(subject.root, work, content.folders) if subject.root else None
    inside = WORK if confinement else work
    command = [program, "xccdf", "eval"]
    for kind in {"xccdf": 0, **dict.fromkeys(params["report_formats"])}:
        option, name = REPORTS[kind]
        command += [option, os.path.join(inside, name)]
    command += ["--fetch-remote-resources"] * params["fetch_remote_resources"]
    command += content.arguments(confinement.place if confinement else str)
    variables = {"OSCAP_EVALUATION_TARGET": subject.name or params["target"] or ""}
    if confinement:
        command, variables = confinement.command(command), {**variables, **confinement.variables}
    else:
        variables = {"TMPDIR": work}
    what = f"{content.name} on {subject.name or 'the host'}"
    run(command, params["timeout"], variables, what, (PASSED, RULES_FAILED))


def _result(params: Params, subject: Subject, content: Content, work: str) -> dict[str, Any]:
    """As findings_import returns it, of its own kind of subject, with a word where nothing was applicable."""
    path = os.path.join(work, REPORTS["xccdf"][1])
    row = {"path": path, "format": "openscap", "target": None, "artifact": subject.name, "ignore_errors": False}
    options = {name: params[name] for name in ("target", "include_passes", "minimum_severity", "limit")}
    result = imported(
        {**options, "reports": [row], "only_fixable": False, "output": None, "max_size_mb": 2048},
        check=True,
        folder=work,
    )["results"][0]
    result.update(subject={"kind": subject.kind, "name": subject.name}, content=content.name, warning="", reports=[])
    result["findings"] = [_of_kind(finding, subject) for finding in result["findings"]]
    counts = result["summary"]["status"]
    looked_at = sum(counts.values())
    if not looked_at:
        raise OpenscapError(f"{content.path} selects no rule; name a profile, or rules")
    if looked_at == counts["not_applicable"]:
        _note_not_applicable(result, subject, content)
    del result["path"]
    return dict(result)


def _of_kind(finding: Finding, subject: Subject) -> Finding:
    if subject.kind == "host":
        return finding
    told = {**finding["subject"], "kind": subject.kind}
    return {**finding, "subject": told, "fingerprint": fingerprint(finding["control"], finding["target"], told)}


def _note_not_applicable(result: dict[str, Any], subject: Subject, content: Content) -> None:
    """Content for another system passes nothing and fails nothing."""
    why = f"{content.name} is for other systems than {subject.name or result['target']}: none of its rules applies"
    result["warning"] = why
    result["controls"] = sorted({*result["controls"], APPLICABLE[0]})
    result["summary"]["status"]["error"] += 1
    result["findings"].append(unjudged(APPLICABLE, result["target"], subject, content.name, why))


def _kept(params: Params, result: dict[str, Any], work: str) -> bool:
    """Move the reports that are wanted to reports_dir, for root's eyes only: they quote files of the system."""
    parts = [result["target"], result["subject"]["name"], result["content"]]
    stem = "_".join(_UNSAFE.sub("-", part).strip("-.") for part in parts if part)
    for kind in params["report_formats"] if result["version"] else ():
        source, place = os.path.join(work, REPORTS[kind][1]), f"{stem}.{REPORTS[kind][1]}"
        os.chmod(source, 0o600)
        path = os.path.join(params["reports_dir"], place)
        shutil.move(source, path)
        result["reports"].append(path)
    return bool(result["reports"])


def _total(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    summaries = [result["summary"] for result in results]
    return {
        "status": {name: sum(row["status"][name] for row in summaries) for name in STATUSES},
        "severity": {name: sum(row["severity"][name] for row in summaries) for name in SEVERITIES},
        "evaluations": len(results),
    }
