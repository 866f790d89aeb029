# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control: one row of a declarative table, ours or a user's, that says what is expected of one kind of subject."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.operators import operand_fault


class ControlError(Exception):
    """A control, an override or a selection that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class Control:
    """One row. `actual`, `when` and `evidence` are JMESPath over one subject of the snapshot.

    A row has either `actual` and `expected` ({operator: operand}, exactly one), or `manual`, the reason why no machine
    can judge it. `when` tells to which subjects it applies; where it applies to none, `not_applicable` says why.
    A manual row without `when` is one finding about no subject in particular.
    `references` are {benchmark, version, id}.
    """

    id: str
    title: str
    scope: str
    severity: str
    remediation: str
    actual: str = ""
    expected: Mapping[str, Any] | None = None
    when: str = ""
    evidence: str = ""
    manual: str = ""
    not_applicable: str = ""
    rationale: str = ""
    references: Sequence[Mapping[str, str]] = ()


_TEXTS = {field.name for field in fields(Control)} - {"expected", "references"}
_REQUIRED = ("id", "title", "scope", "severity")


def control_from(row: Mapping[str, Any], scopes: Iterable[str]) -> Control:
    """A user's row as a Control. Raises ControlError for anything a table of ours could not hold."""
    name = str(row.get("id") or "without id")
    unknown = sorted(set(row) - {field.name for field in fields(Control)})
    if unknown:
        raise ControlError(f"Control {name}: {unknown[0]!r} is no field of a control")
    missing = [field for field in _REQUIRED if not row.get(field)]
    if missing:
        raise ControlError(f"Control {name}: {missing[0]} is missing")
    for field in _TEXTS & set(row):
        if row[field] is not None and not isinstance(row[field], str):
            raise ControlError(f"Control {name}: {field} must be text, not {row[field]!r}")
    values = {key: value for key, value in row.items() if value is not None}
    control = Control(**{"remediation": "", **values, "references": tuple(row.get("references") or ())})
    return checked(control, scopes)


def checked(control: Control, scopes: Iterable[str]) -> Control:
    """The control itself, when it is sound. Raises ControlError where it is not."""
    known = sorted(scopes)
    if control.scope not in known:
        raise ControlError(f"Control {control.id}: scope {control.scope!r} is none of {', '.join(known)}")
    if control.severity not in SEVERITIES:
        raise ControlError(f"Control {control.id}: severity {control.severity!r} is none of {', '.join(SEVERITIES)}")
    _check_references(control.id, control.references)
    if control.manual:
        return control
    if not control.actual:
        raise ControlError(f"Control {control.id}: it needs either actual and expected, or manual")
    _check_expected(control.id, control.expected)
    return control


def _check_expected(name: str, expected: object) -> None:
    if not isinstance(expected, Mapping) or len(expected) != 1:
        raise ControlError(f"Control {name}: expected must hold exactly one operator, such as {{equals: false}}")
    operator, operand = next(iter(expected.items()))
    fault = operand_fault(operator, operand)
    if fault:
        raise ControlError(f"Control {name}: {fault}")


def _check_references(name: str, references: Iterable[object]) -> None:
    for reference in references:
        if not isinstance(reference, Mapping) or not {"benchmark", "version", "id"} <= set(reference):
            raise ControlError(f"Control {name}: a reference holds benchmark, version and id, not {reference!r}")


def override(
    controls: Iterable[Control], changes: Mapping[str, Mapping[str, Any]], scopes: Iterable[str]
) -> list[Control]:
    """The controls with a user's changes: by id, {expected, severity, enabled}.

    Raises ControlError for an unknown id or field.
    """
    by_id = {control.id: control for control in controls}
    for name, change in changes.items():
        if name not in by_id:
            raise ControlError(f"overrides: there is no control {name!r}")
        changed = _overridden(by_id[name], change, scopes)
        if changed is None:
            del by_id[name]
        else:
            by_id[name] = changed
    return list(by_id.values())


def _overridden(control: Control, change: Mapping[str, Any], scopes: Iterable[str]) -> Control | None:
    if not isinstance(change, Mapping):
        raise ControlError(f"overrides: {control.id} needs a dictionary, not {change!r}")
    unknown = sorted(set(change) - {"expected", "severity", "enabled"})
    if unknown:
        raise ControlError(f"overrides: {control.id}: {unknown[0]!r} is none of expected, severity, enabled")
    enabled = change.get("enabled", True)
    if not isinstance(enabled, bool):
        raise ControlError(f"overrides: {control.id}: enabled takes true or false, not {enabled!r}")
    if not enabled:
        return None
    if control.manual and "expected" in change:
        raise ControlError(f"overrides: {control.id} is judged by hand, it has no expectation to change")
    values = {key: value for key, value in change.items() if key != "enabled"}
    return checked(replace(control, **values), scopes)


def merge(controls: Iterable[Control], added: Iterable[Control]) -> list[Control]:
    """Our controls and a user's own. Raises ControlError where an id stands twice: `overrides` is for changing ours."""
    by_id = {control.id: control for control in controls}
    for control in added:
        if control.id in by_id:
            raise ControlError(f"controls: there is a control {control.id!r} already; use overrides to change it")
        by_id[control.id] = control
    return list(by_id.values())


def select(
    controls: Iterable[Control],
    *,
    benchmark: str | None = None,
    version: str | None = None,
    sections: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> list[Control]:
    """The controls of a benchmark, its version and sections ("5" holds "5.1"), and by globs over ids.

    Raises ControlError where a pattern or a section names nothing, for a selection that silently audits less is a trap.
    """
    every = list(controls)
    for pattern in (*include, *exclude):
        if not any(fnmatch.fnmatchcase(control.id, pattern) for control in every):
            raise ControlError(f"{pattern!r} names no control")
    chosen = [control for control in every if _in_benchmark(control, benchmark, version, ())]
    if (benchmark or version) and not chosen:
        raise ControlError(f"There is no control of {benchmark or 'any benchmark'} {version or ''}".rstrip())
    for section in sections:
        if not any(_in_benchmark(control, benchmark, version, (section,)) for control in chosen):
            raise ControlError(
                f"There is no section {section!r} in {benchmark or 'any benchmark'} {version or ''}".rstrip()
            )
    return [
        control
        for control in chosen
        if _in_benchmark(control, benchmark, version, sections) and _named(control, include, exclude)
    ]


def _named(control: Control, include: Sequence[str], exclude: Sequence[str]) -> bool:
    wanted = not include or any(fnmatch.fnmatchcase(control.id, pattern) for pattern in include)
    return wanted and not any(fnmatch.fnmatchcase(control.id, pattern) for pattern in exclude)


def _in_benchmark(control: Control, benchmark: str | None, version: str | None, sections: Sequence[str]) -> bool:
    if not (benchmark or version or sections):
        return True
    return any(
        (not benchmark or reference["benchmark"] == benchmark)
        and (not version or reference["version"] == version)
        and (not sections or any(_under(reference["id"], section) for section in sections))
        for reference in control.references
    )


def _under(number: str, section: str) -> bool:
    return number == section or number.startswith(section.rstrip(".") + ".")
