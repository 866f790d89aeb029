# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule of the Linux audit system, as the kernel holds it or a rules file writes it, and which paths it watches.

Pure but for the symlinks of a rule's path. See auditctl(8), and kernel/auditfilter.c for what a watch means.
"""

from __future__ import annotations

import getopt
import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

# A write and a change of attributes (owner, mode): what an audit trail of a file cannot do without.
NEEDED = frozenset("wa")
EVERY = frozenset("rwxa")

# Conditions that choose the file or name the rule; any other one leaves events out.
_HARMLESS = {"path", "dir", "perm", "key"}


@dataclass(frozen=True)
class AuditRule:
    """`path` is what is watched, None for a rule on other things; `recursive` includes everything below it.

    `narrowing` are the conditions that leave events out, such as "auid>=1000". `text` is the rule as a file holds it.
    """

    text: str
    filter: str = "exit"
    action: str = "always"
    path: str | None = None
    recursive: bool = False
    permissions: frozenset[str] = EVERY
    narrowing: tuple[str, ...] = ()

    def covers(self, target: str, is_directory: bool) -> bool:
        """Whether the rule is about the target, a path without symlinks, and, for a directory, all below it."""
        if self.filter != "exit" or self.path is None:
            return False
        if self.recursive:
            return target == self.path or target.startswith(self.path.rstrip("/") + "/")
        return target == self.path and not is_directory


def watching(rules: Iterable[AuditRule], target: str, is_directory: bool) -> AuditRule | None:
    """The rule by which every write and attribute change of the target is recorded, or None.

    The kernel takes the first rule that matches, first among those on directories, then among those on single
    files, and the latter decide; a `never` before an `always` therefore silences it.
    """
    every = list(rules)
    if any(rule.filter == "task" and rule.action == "never" and not rule.narrowing for rule in every):
        return None
    verdict: AuditRule | None = None
    for recursive in (True, False):
        matching = [rule for rule in every if rule.recursive is recursive and rule.covers(target, is_directory)]
        decided, found = _first_match([rule for rule in matching if not rule.narrowing])
        verdict = found if decided else verdict
    return verdict


def _first_match(rules: Iterable[AuditRule]) -> tuple[bool, AuditRule | None]:
    """Whether the rules decide at all, and the one that completes what is needed; several may do so together."""
    seen: set[str] = set()
    for rule in rules:
        if rule.action == "never":
            return bool(rule.permissions & NEEDED), None
        seen |= rule.permissions
        if seen >= NEEDED:
            return True, rule
    return False, None


def canonical(path: str) -> str:
    """A rule's path as the kernel resolves it: symlinks of its folders are followed, one at its end is not."""
    parent, name = os.path.split(path.rstrip("/"))
    return os.path.join(os.path.realpath(parent or "/"), name)


def parse_rules(text: str, earlier: Iterable[AuditRule] = ()) -> list[AuditRule]:
    """The rules of a rules file after those of the files before it; lines that hold no rule are passed over."""
    rules = list(earlier)
    for line in text.splitlines():
        _apply_line(rules, line.strip())
    return rules


def _apply_line(rules: list[AuditRule], line: str) -> None:
    try:
        words = shlex.split(line, comments=True)
        pairs, _rest = getopt.getopt(
            words, "a:A:d:w:W:p:k:F:S:C:Db:f:r:e:ics:tlv", ["backlog_wait_time=", "reset-lost"]
        )
    except (ValueError, getopt.GetoptError):
        return
    options: dict[str, list[str]] = {}
    for name, value in pairs:
        options.setdefault(name, []).append(value)
    if "-D" in options:
        rules.clear()
    elif "-w" in options:
        rules.append(_watch(options, line))
    elif "-a" in options:
        rules.append(_syscall_rule(options["-a"][0], options, line))
    elif "-A" in options:
        rules.insert(0, _syscall_rule(options["-A"][0], options, line))


def _watch(options: dict[str, list[str]], line: str) -> AuditRule:
    path = canonical(options["-w"][0])
    permissions = frozenset(options["-p"][0]) if "-p" in options else EVERY
    return AuditRule(text=line, path=path, recursive=os.path.isdir(path), permissions=permissions)


def _syscall_rule(where: str, options: dict[str, list[str]], line: str) -> AuditRule:
    conditions = options.get("-F", [])
    words = set(where.split(","))
    named = dict(condition.split("=", 1) for condition in conditions if _name(condition) in _HARMLESS | {"arch"})
    path = named.get("dir") or named.get("path")
    narrowing = [
        each for each in conditions if _name(each) not in _HARMLESS and each not in ("arch=b64", "arch=x86_64")
    ]
    narrowing += options.get("-C", [])
    narrowing += [f"syscall={each}" for each in options.get("-S", []) if each != "all"]
    return AuditRule(
        text=line,
        filter=next((each for each in ("exit", "task", "user", "exclude", "filesystem") if each in words), "exit"),
        action="never" if "never" in words else "always",
        path=canonical(path) if path else None,
        recursive="dir" in named,
        permissions=frozenset(named["perm"]) if "perm" in named else EVERY,
        narrowing=tuple(narrowing),
    )


def _name(condition: str) -> str:
    """`auid` of `auid>=1000`; a harmless name counts with a plain `=` alone."""
    name, separator, _value = condition.partition("=")
    return name if separator and name.isalpha() else condition
