# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What demonstrations have in common: playbooks run as a user would run them, and what came of them, shown."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import LabError
from tests.lab.progress import heading, step


@contextlib.contextmanager
def reporting(output: Path) -> Iterator[None]:
    """Begin without the reports of the time before; at the end, say where the new ones are, and how long it took."""
    began = time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("audit-report.*"):
        old.unlink()
    yield
    heading(f"Done in {time.monotonic() - began:.0f} s")
    print(f"  Open in a browser: {output / 'audit-report.html'}")
    print(f"  For machines:      {output / 'audit-report.json'}")


def expect(truth: bool, what: str) -> None:
    """LabError when a stage did not show what it should."""
    if not truth:
        raise LabError(f"the demonstration failed: {what}")


def play(
    playbook: str, hosts: Mapping[str, Any], verbose: bool, *, check: bool = False, **variables: Any
) -> PlaybookResult:
    """Run a playbook as a user would (check mode always with --diff); say the command, and how long it took."""
    text = f"ansible-playbook bulkhead.container_security.{playbook}{' --check --diff' if check else ''}"
    if verbose:
        print(f"  {text}")
    with contextlib.nullcontext() if verbose else step(text):
        return run_playbook(
            f"{playbook}.yml", inventory=hosts, extra_vars=variables, check=check, diff=check, echo=verbose
        )


def audit(
    hosts: Mapping[str, Any], output: Path, verbose: bool, **variables: Any
) -> tuple[PlaybookResult, dict[str, Any]]:
    """Run audit.yml; what Ansible said, and the JSON report."""
    result = play("audit", hosts, verbose, audit_output_dir=str(output), audit_title="Demonstration", **variables)
    path = output / "audit-report.json"
    expect(path.exists(), f"the audit wrote no report:\n{result.stdout}{result.stderr}")
    return result, json.loads(path.read_text())


def findings(report: Mapping[str, Any], status: str) -> list[dict[str, Any]]:
    """Those of a report that have the status."""
    return [finding for finding in report["findings"] if finding["status"] == status]


def show(found: list[dict[str, Any]], most: int = 12) -> None:
    """A line for each, up to so many."""
    for finding in found[:most]:
        kind, name = finding["subject"]["kind"], finding["subject"]["name"]
        subject = kind if kind in ("daemon", "host") else f"{kind} {name[-40:]}"
        drift = f"{finding['drift']:<10}" if finding["drift"] in ("new", "regressed") else ""
        print(f"    {drift}{finding['severity']:<9}{subject:<52} {finding['title']}")
    if len(found) > most:
        print(f"    … and {len(found) - most} more")


def worst_first(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By severity."""
    order = ("critical", "high", "medium", "low", "info")
    return sorted(found, key=lambda finding: order.index(finding["severity"]))


def show_diff(result: PlaybookResult) -> None:
    """What the tasks that would change something say of it."""
    for task in result.tasks:
        for diff in _diffs(task["result"]) if task["result"].get("changed") else ():
            before, after = _lines(diff.get("before")), _lines(diff.get("after"))
            for sign, lines, others in (("-", before, after), ("+", after, before)):
                for line in [line for line in lines if line not in others][:25]:
                    print(f"    {sign} {line}")


def _lines(text: object) -> list[str]:
    if isinstance(text, Mapping):
        return [f"{name}: {json.dumps(value)}" for name, value in text.items()]
    return str(text or "").splitlines()


def _diffs(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    diff = result.get("diff") or []
    return [diff] if isinstance(diff, Mapping) else list(diff)
