# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge the findings of many hosts into one report, on the controller."""

from __future__ import annotations

import contextlib
import datetime
import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import Previous
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate, GateError, threshold
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import (
    Waiver,
    WaiverError,
    check_unique,
    waiver_from,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report import files, outcome, table
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import (
    Report,
    Terms,
    assemble,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.hosts import from_hosts, from_results
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import (
    Audit,
    from_document,
    from_findings,
    plain,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.outputs import planned
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.rendering import render_all
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.waiver_file import parse_waivers

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "registered": {"type": "list", "elements": "str", "default": ["bulkhead_docker_audit"]},
    "hosts": {"type": "list", "elements": "str"},
    "results": {"type": "raw"},
    "findings": {"type": "raw"},
    "findings_complete": {"type": "bool", "default": False},
    "sources": {"type": "list", "elements": "path"},
    "waivers": {"type": "list", "elements": "raw"},
    "waiver_notice_days": {"type": "int", "default": 30},
    "drift": {"type": "bool", "default": True},
    "previous": {"type": "path"},
    "history_days": {"type": "int", "default": 365},
    "output_dir": {"type": "path"},
    "formats": {"type": "list", "elements": "str", "default": ["json", "html"], "choices": list(FORMATS)},
    "basename": {"type": "str", "default": "audit-report"},
    "outputs": {"type": "dict"},
    "mode": {"type": "raw"},
    "fail_on": {"type": "list", "elements": "str", "default": ["never"]},
    "fail_on_new": {"type": "list", "elements": "str", "default": ["never"]},
    "fail_on_error": {"type": "bool", "default": False},
    "enforce": {"type": "bool", "default": True},
    "title": {"type": "str", "default": "Security audit"},
    "show_table": {"type": "bool", "default": True},
    "stats_name": {"type": "str", "default": "bulkhead_audit"},
}


def _from_here(path: str) -> str:
    """A path of the user's: a playbook that came with a collection is started elsewhere, and its own folder is no place
    for anybody's reports."""
    return os.path.join(os.getcwd(), os.path.expanduser(path))


class ActionModule(ActionBase):
    """Runs once, without a connection to any host."""

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The task's result; raises AnsibleActionFail for options or files that cannot be used."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        validate: Any = self.validate_argument_spec  # ansible-core leaves it untyped
        _validation, params = validate(ARGUMENT_SPEC)
        # A report is a tree of many thousand objects and no cycles: looking for some takes half of the time.
        gc.disable()
        try:
            return {**result, **self._outcome(params, task_vars or {})}
        except (ReportError, WaiverError, GateError) as exc:
            # ansible-core adds the message of each cause to this one, which says everything already.
            raise AnsibleActionFail(f"audit_report: {exc}") from None
        finally:
            gc.enable()

    def _outcome(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        outputs = planned(params, _from_here)
        for output in outputs:
            files.check_writable(output)
        terms = self._terms(params)
        report = assemble(self._audits(params, task_vars), self._previous(params, outputs), terms)
        written = self._write(report, outputs)
        if params["show_table"]:
            self._show(report)
        return self._result(params, report, written)

    def _terms(self, params: Mapping[str, Any]) -> Terms:
        gate = Gate(
            threshold(plain(params["fail_on"]), "fail_on"),
            threshold(plain(params["fail_on_new"]), "fail_on_new"),
            params["fail_on_error"],
        )
        return Terms(
            title=str(params["title"]),
            now=datetime.datetime.now(datetime.timezone.utc),
            waivers=self._waivers(plain(params["waivers"] or [])),
            gate=gate,
            notice_days=params["waiver_notice_days"],
            keep_days=params["history_days"],
        )

    def _waivers(self, entries: list[Any]) -> list[Waiver]:
        waivers: list[Waiver] = []
        for number, entry in enumerate(entries, 1):
            if isinstance(entry, dict):
                waivers.append(waiver_from(entry, f"waivers, item {number}"))
            elif isinstance(entry, str):
                waivers.extend(self._waivers_at(entry))
            else:
                raise WaiverError(f"waivers, item {number}: takes a path or a waiver, not {entry!r}")
        check_unique(waivers)
        return waivers

    def _waivers_at(self, name: str) -> list[Waiver]:
        found = self._waivers_path(name)
        paths = sorted((*found.glob("*.yml"), *found.glob("*.yaml"))) if found.is_dir() else [found]
        waivers = []
        for path in paths:
            # Through the loader, because a waivers file may be encrypted with Ansible Vault.
            text = files.read_text(Path(self._loader.get_real_file(str(path))), path)
            waivers.extend(parse_waivers(text, path.name))
        return waivers

    def _waivers_path(self, name: str) -> Path:
        find: Any = self._find_needle  # ansible-core leaves it untyped
        with contextlib.suppress(AnsibleError):
            return Path(find("files", name))
        here = Path(_from_here(name))
        if not here.exists():
            raise WaiverError(f"waivers: there is no file {name}, neither here nor beside the playbook or in its files")
        return here

    def _audits(self, params: Mapping[str, Any], task_vars: Mapping[str, Any]) -> list[Audit]:
        complete = params["findings_complete"]
        audits: list[Audit] = []
        if params["findings"] is not None:
            audits += from_findings(plain(params["findings"]), "findings", complete=complete)
        if params["results"] is not None:
            audits += from_results(plain(params["results"]))
        for source in params["sources"] or []:
            audits += self._audits_at(source, complete)
        given = any(params[name] is not None for name in ("findings", "results", "sources"))
        if not given or params["hosts"] is not None:
            hosts = params["hosts"] if params["hosts"] is not None else task_vars["ansible_play_hosts_all"]
            audits += from_hosts(task_vars["hostvars"], plain(hosts), plain(params["registered"]))
        return audits

    def _audits_at(self, source: str, complete: bool) -> list[Audit]:
        pattern = Path(_from_here(source))
        paths = [pattern] if pattern.exists() else sorted(pattern.parent.glob(pattern.name))
        if not paths:
            raise ReportError(f"sources: there is no file {pattern}")
        return [audit for path in paths for audit in from_document(files.read_json(path), str(path), complete)]

    def _previous(self, params: Mapping[str, Any], outputs: list[files.Output]) -> Previous | None:
        if not params["drift"]:
            return None
        if params["previous"]:
            return files.read_previous(Path(_from_here(params["previous"])))
        replaced = next((output.path for output in outputs if output.format == "json"), None)
        return files.read_previous(replaced) if replaced else None

    def _write(self, report: Report, outputs: list[files.Output]) -> list[dict[str, Any]]:
        # All are rendered before the first is written: a fault in one writer leaves every file as it was.
        rendered = render_all(report, [output.format for output in outputs])
        texts = [(output, files.encodable(rendered[output.format])) for output in outputs]
        written = []
        for output, text in texts:
            changed = files.differs(output, text)
            if not self._task.check_mode:
                files.write(output, text)
            written.append({"format": output.format, "path": str(output.path), "changed": changed})
        return written

    def _show(self, report: Report) -> None:
        # A JSON callback owns standard output, and no_log means none of it.
        if "json" not in str(constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK")) and not self._task.no_log:
            self._display.display("\n".join(table.render(report)))

    def _result(self, params: Mapping[str, Any], report: Report, written: list[dict[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {
            "changed": any(row["changed"] for row in written),
            "msg": outcome.sentence(report),
            "summary": report["summary"],
            "drift": report["drift"],
            "gate": report["gate"],
            "files": written,
        }
        if params["enforce"] and report["gate"]["failed"]:
            result["failed"] = True
        if params["stats_name"]:
            data = {str(params["stats_name"]): outcome.stats(report)}
            result["ansible_stats"] = {"data": data, "per_host": False, "aggregate": False}
        if self._task.diff:
            result["diff"] = {"prepared": outcome.diff(report)}
        return result
