# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: whether findings are bad enough to stop a pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, Finding

NEVER = "never"


class GateError(Exception):
    """A threshold that names no severity."""


@dataclass(frozen=True)
class Gate:
    """The severities at which failing findings, and new or regressed ones, close the gate, and whether errors do."""

    fail_on: tuple[str, ...] = ()
    fail_on_new: tuple[str, ...] = ()
    fail_on_error: bool = False


def threshold(value: str | Sequence[str] | None, option: str) -> tuple[str, ...]:
    """The severities that an option means: one name means it and all worse, several mean just those, never means none.

    Raises GateError for what is no severity.
    """
    names = [value] if isinstance(value, str) else list(value or ())
    for name in names:
        if name not in SEVERITIES and name != NEVER:
            raise GateError(f"{option}: {name!r} is no severity; take one of {', '.join((*SEVERITIES, NEVER))}")
    if NEVER in names and len(names) > 1:
        raise GateError(f"{option}: {NEVER} stands alone, not together with severities")
    if len(names) == 1:
        return SEVERITIES[: SEVERITIES.index(names[0]) + 1] if names[0] != NEVER else ()
    return tuple(name for name in SEVERITIES if name in names)


def judge(gate: Gate, findings: Iterable[Finding]) -> dict[str, Any]:
    """{failed, reasons: [sentence, …], fail_on, fail_on_new, fail_on_error}. Waived findings never count."""
    failing, new, errors = Counter[str](), Counter[str](), 0
    for finding in findings:
        if finding["status"] == "error":
            errors += 1
        elif finding["status"] == "fail":
            failing[finding["severity"]] += 1
            if finding["drift"] in ("new", "regressed"):
                new[finding["severity"]] += 1
    reasons = _reasons(gate, failing, new, errors)
    return {
        "failed": bool(reasons),
        "reasons": reasons,
        "fail_on": list(gate.fail_on),
        "fail_on_new": list(gate.fail_on_new),
        "fail_on_error": gate.fail_on_error,
    }


def _reasons(gate: Gate, failing: Counter[str], new: Counter[str], errors: int) -> list[str]:
    reasons = []
    if any(failing[name] for name in gate.fail_on):
        reasons.append(f"{_listed(failing, gate.fail_on)} failing (fail_on: {', '.join(gate.fail_on)})")
    if any(new[name] for name in gate.fail_on_new):
        reasons.append(
            f"{_listed(new, gate.fail_on_new)} new or regressed (fail_on_new: {', '.join(gate.fail_on_new)})"
        )
    if gate.fail_on_error and errors:
        reasons.append(f"{errors} could not be evaluated (fail_on_error)")
    return reasons


def _listed(counts: Counter[str], severities: Iterable[str]) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in severities if counts[name])
