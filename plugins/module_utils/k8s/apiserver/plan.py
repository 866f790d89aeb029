# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would change, known before anything is touched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.declaration import (
    ENCRYPTION,
    Declaration,
    shown,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import WRITTEN_PATHS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import same
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.pod_needs import (
    mark_after,
    mounts_needed,
    without_http,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.record import Changes
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.refusal import (
    Refused,
    check_safe,
    probes_fail,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.static_pod import PodChange
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import read_text

_FILE_MODE = 0o600


@dataclass(frozen=True)
class FileChange:
    """A file that the API server reads. None: it is not there. Equal texts: only its owner or mode changes."""

    path: str
    before: str | None
    after: str | None
    shown_before: str
    shown_after: str


@dataclass
class Plan:
    """`text` is the new configuration (None: the file goes), `flags` those that change, by their new values.

    `folders` are made for logs. `changes` is the record as it will be. `restart`: the API server is started anew.
    """

    text: str | None
    flags: dict[str, list[str] | None] = field(default_factory=dict)
    files: list[FileChange] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    pod: PodChange = field(default_factory=PodChange)
    changes: Changes = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    restart: bool = False
    writer: str = ""
    secrets: set[str] = field(default_factory=set)

    def needed(self, situation: Situation) -> bool:
        """Whether anything on the host changes."""
        return bool(self.files) or self.text != situation.text

    def as_dict(self, situation: Situation) -> dict[str, Any]:
        """The plan as the module returns it, without secrets."""
        flags = [
            {"flag": name, "before": situation.flags.get(name), "after": self.flags[name]}
            for name in sorted(self.flags)
        ]
        files = [
            {"path": each.path, "change": _kind_of(each)} for each in sorted(self.files, key=lambda each: each.path)
        ]
        return {
            "flags": flags,
            "files": files,
            "mounts": [mount.path for mount in self.pod.mounts],
            "probes": sorted(self.pod.probes),
            "restart": self.restart,
        }


def _kind_of(change: FileChange) -> str:
    if change.after is None:
        return "removed"
    if change.before is None:
        return "created"
    return "changed" if change.before != change.after else "mode"


def plan_present(params: Mapping[str, Any], situation: Situation, declaration: Declaration) -> Plan:
    """The plan for bringing about what is declared. Raises K8sError where that would do harm."""
    after = {name: values for name, values in {**situation.flags, **declaration.flags}.items() if values is not None}
    plan = Plan(situation.text, writer=declaration.writer, secrets=declaration.secrets)
    plan.warnings = check_safe(situation, declaration, after)
    plan.flags = {name: values for name, values in declaration.flags.items() if _differs(situation, name, values)}
    plan.files = _file_changes(situation, declaration)
    plan.folders = [
        os.path.dirname(path) for name in WRITTEN_PATHS for path in declaration.flags.get(name) or () if path != "-"
    ]
    changed = {each.path for each in plan.files if each.before != each.after}
    if situation.pod:
        probes = _probes(params, situation, declaration, after)
        mounts = mounts_needed(situation.pod, declaration, situation.config_dir)
        mark = mark_after(situation.pod.annotation, [file for file in declaration.files if file.path in changed])
        plan.pod = PodChange(plan.flags, mounts, (), probes, mark)
    _render(situation, plan)
    plan.restart = plan.text != situation.text or bool(changed)
    plan.changes = _recorded(params, situation, declaration, plan)
    return plan


def _differs(situation: Situation, name: str, values: list[str] | None) -> bool:
    if values is None:
        return name in situation.given
    return not same(name, values, situation.flags.get(name, []))


def _render(situation: Situation, plan: Plan) -> None:
    """The new text of the configuration."""
    if situation.pod:
        plan.text, kept = situation.pod.changed(plan.pod)
    elif situation.k3s:
        situation.k3s.check_others(plan.flags)
        text, kept = situation.k3s.changed(plan.flags)
        plan.text = None if situation.text is None and not text else text
    else:
        return
    if not kept:
        plan.warnings.append(f"{situation.path} is laid out in a way that cannot be kept: its comments are lost")


def _file_changes(situation: Situation, declaration: Declaration) -> list[FileChange]:
    changes = []
    for file in declaration.files:
        before = read_text(file.path)
        if before != file.text or not _private(file.path, situation.owner[0]):
            # Of the same text, both sides show the same.
            was = file.shown if before == file.text else shown(before, file.path)
            changes.append(FileChange(file.path, before, file.text, was, file.shown))
    return changes


def _private(path: str, uid: int) -> bool:
    status = os.stat(path)
    return not status.st_mode & 0o077 and status.st_uid in (uid, os.geteuid())


def _probes(
    params: Mapping[str, Any], situation: Situation, declaration: Declaration, after: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Probes that have to change with anonymous access, or that can be what they were before."""
    pod = situation.pod
    if pod is None:
        return {}
    # Only where anonymous access is decided is it our matter what probes make of it.
    decided = {"anonymous-auth", "authentication-config"} & set(declaration.flags)
    if decided and probes_fail(situation, declaration, after):
        if params["anonymous_probes"] == "tcp":
            return without_http(pod.http_probes)
        raise Refused(
            f"Without anonymous access the kubelet's HTTP probes in {situation.path} would fail and restart the API "
            "server for ever: set anonymous_probes to tcp, or from Kubernetes 1.32 on allow /livez, /readyz and "
            "/healthz alone with a file for authentication-config"
        )
    before: dict[str, Any] = situation.record.changes["probes"]
    ours = {key: probe for key, probe in before.items() if pod.container.get(key) == without_http({key: probe})[key]}
    if not ours or not decided or after.get("anonymous-auth", ["true"])[-1] == "false":
        return {}
    return ours


def _recorded(params: Mapping[str, Any], situation: Situation, declaration: Declaration, plan: Plan) -> Changes:
    """The record of our changes with this one."""
    old = situation.record.changes
    flags = dict(old["flags"])
    for name, values in plan.flags.items():
        before = flags[name]["before"] if name in flags else situation.given.get(name)
        flags[name] = {"before": before, "after": values}
    files = {each.path: each.before is not None for each in plan.files}
    probes = dict(old["probes"])
    for key in plan.pod.probes:
        original = situation.pod.http_probes.get(key) if situation.pod else None
        if original:
            probes.setdefault(key, original)
        else:
            probes.pop(key, None)
    retired = bool(params["encryption"]) and params["encryption"]["phase"] == "retire"
    return {
        "flags": flags,
        "files": {**files, **old["files"]},
        "mounts": sorted({*old["mounts"], *(mount.name for mount in plan.pod.mounts)}),
        "probes": probes,
        "reencrypted": declaration.writer if retired else old["reencrypted"],
        "encryption": (declaration.flags.get(ENCRYPTION) or [old.get("encryption", "")])[0],
    }
