# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect which of the daemon's paths the Linux audit system watches: by the rules that the kernel has loaded, and by
those that lie on disk for the next boot. The rules of a host are the kernel's; a file with rules is a promise.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import (
    DaemonPaths,
    Located,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.audit_rule import (
    AuditRule,
    parse_rules,
    watching,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.kernel_audit import (
    KernelAudit,
    KernelAuditError,
    read_kernel_audit,
)

Facts = dict[str, Any]

RULES_FOLDER = "/etc/audit"


def audit_facts(paths: DaemonPaths, rules_folder: str = RULES_FOLDER) -> Facts:
    """{audit_enabled, audit_paths, audit_watches, audit_unsaved}, with `unknown` for what cannot be read.

    `audit_paths`: {role: [existing paths]}. `audit_watches`: {role: [{path, watched, state, rule}]}, where state is
    "loaded" (in the kernel and on disk), "not saved" (in the kernel alone), "not loaded" (on disk alone), "absent",
    or "on disk" where the kernel could not be asked. `audit_unsaved`: paths whose watch does not outlive a reboot.
    """
    roles = _existing(paths.all(), paths.files)
    facts: Facts = {"audit_paths": roles}
    saved = read_saved_rules(rules_folder)
    try:
        kernel: KernelAudit | None = read_kernel_audit()
    except KernelAuditError as exc:
        kernel, reason = None, str(exc)
        facts["unknown"] = {"audit_enabled": reason, "audit_unsaved": reason}
        if not saved:  # without a rule on disk either, nothing says that the kernel holds none
            facts["unknown"]["audit_watches"] = reason
            return facts
    loaded = list(kernel.rules) if kernel else None
    facts["audit_watches"] = _watches(roles, loaded, saved, paths.files)
    if kernel:
        facts["audit_enabled"] = kernel.enabled
        facts.update(_unsaved(facts["audit_watches"], saved, rules_folder))
    return facts


def _existing(located: Iterable[Located], files: HostFiles) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for each in located:
        real = files.real_path(each.path)
        if files.exists(each.path) and real not in roles.setdefault(each.role, []):
            roles[each.role].append(real)
    return roles


def _watches(
    roles: Mapping[str, list[str]], loaded: list[AuditRule] | None, saved: list[AuditRule] | None, files: HostFiles
) -> dict[str, list[Facts]]:
    return {
        role: [watch_state(path, files.is_directory(path), loaded, saved) for path in found]
        for role, found in roles.items()
    }


def watch_state(path: str, is_directory: bool, loaded: list[AuditRule] | None, saved: list[AuditRule] | None) -> Facts:
    """Whether one path is watched, by which rule, and whether that outlives a reboot; None stands for unreadable."""
    now = watching(loaded or (), path, is_directory)
    later = watching(saved or (), path, is_directory)
    rule = now or later
    states = {(True, True): "loaded", (True, False): "not saved", (False, True): "not loaded", (False, False): "absent"}
    state = states[bool(now), bool(later)]
    if loaded is None:
        state = "on disk" if later else "absent"
    return {
        "path": path,
        "watched": bool(now) if loaded is not None else bool(later),
        "state": state,
        "rule": rule.text if rule else None,
    }


def _unsaved(watches: Mapping[str, list[Facts]], saved: list[AuditRule] | None, folder: str) -> Facts:
    if saved is None:
        return {"unknown": {"audit_unsaved": f"the rules below {folder} cannot be read; run as root (become: true)"}}
    every = (watch for found in watches.values() for watch in found)
    return {"audit_unsaved": sorted({watch["path"] for watch in every if watch["state"] == "not saved"})}


def read_saved_rules(folder: str = RULES_FOLDER) -> list[AuditRule] | None:
    """The rules that a boot would load: audit.rules, and what augenrules would make of rules.d; None if unreadable."""
    fragments = sorted(glob.glob(f"{folder}/rules.d/*.rules"), key=_natural)
    try:
        os.stat(folder)
        os.listdir(folder)
        rules: list[AuditRule] = []
        for path in [*_main_file(folder), *fragments]:
            with open(path, encoding="utf-8", errors="replace") as file:
                rules += parse_rules(file.read())
    except FileNotFoundError:
        return []
    except OSError:
        return None
    return rules


def _main_file(folder: str) -> list[str]:
    path = f"{folder}/audit.rules"
    return [path] if os.path.exists(path) else []


def _natural(path: str) -> list[Any]:
    """The order of `ls -v`, in which augenrules joins its fragments: 9 before 10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", os.path.basename(path))]
