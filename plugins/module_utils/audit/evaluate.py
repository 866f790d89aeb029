# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a snapshot by controls. Pure: the same snapshot and controls give the same findings, today or in a year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control, ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    Finding,
    fingerprint,
    shortened,
    summarize,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.operators import OPERATORS

try:
    import jmespath
    from jmespath.exceptions import JMESPathError
    from jmespath.functions import Functions
    from jmespath.visitor import TreeInterpreter
except ImportError:  # the module says so, with the way to install it
    HAS_JMESPATH = False
    JMESPathError = Exception
else:
    HAS_JMESPATH = True
    # It keeps nothing of what it visits; making one for each search costs more than the search.
    _INTERPRETER = TreeInterpreter()


class UnknownFactError(Exception):
    """A fact that an expression reads could not be collected; the message is the fact and the reason."""


Subject = Mapping[str, Any]
Snapshot = Mapping[str, Any]


@dataclass(frozen=True)
class Expression:
    """A compiled JMESPath and the facts of a subject that it reads, by their top-level names."""

    compiled: Any
    facts: frozenset[str]
    name: str | None = None

    def of(self, subject: Subject) -> Any:
        """What the expression finds in the subject, null where there is nothing."""
        # Most expressions are the name of one fact. Of ten thousand subjects, looking it up takes a tenth of the time.
        return subject.get(self.name) if self.name is not None else _INTERPRETER.visit(self.compiled.parsed, subject)


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Compile once. Raises ControlError for what is not JMESPath."""
    try:
        compiled = jmespath.compile(text)
    except JMESPathError as exc:
        reason = str(exc).split("\n", maxsplit=1)[0].strip()
        raise ControlError(f"{text!r} is not JMESPath: {reason}") from exc
    for name, arguments in _calls(compiled.parsed):
        _check_call(text, name, arguments)
    fact = compiled.parsed["value"] if compiled.parsed["type"] == "field" else None
    return Expression(compiled, frozenset(_facts(compiled.parsed)), fact)


def _calls(node: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    """The functions that are called anywhere, with the number of their arguments."""
    children = node.get("children", ())
    if node["type"] == "function_expression":
        yield node["value"], len(children)
    for child in children:
        if isinstance(child, Mapping):
            yield from _calls(child)


def _check_call(text: str, name: str, arguments: int) -> None:
    """JMESPath finds such faults out when it meets a subject, which is as many errors as there are subjects."""
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        raise ControlError(f"{text!r} is not JMESPath: there is no function {name}()")
    signature = known["signature"]
    variadic = bool(signature) and bool(signature[-1].get("variadic"))
    if arguments < len(signature) or (arguments > len(signature) and not variadic):
        needed = f"{len(signature)} or more" if variadic else len(signature)
        raise ControlError(f"{text!r} is not JMESPath: {name}() takes {needed} arguments, not {arguments}")


def _facts(node: Mapping[str, Any]) -> Iterable[str]:
    """The names read from the subject itself: of `a.b`, a; of `a[?b]`, a; of `{x: c}`, c."""
    kind, children = node["type"], node.get("children", ())
    if kind == "field":
        yield node["value"]
    elif kind in ("subexpression", "pipe", "projection", "value_projection", "filter_projection", "index_expression"):
        # What stands right of these is read from their left side, which is the subject itself in `@.a` alone.
        yield from _facts(children[1 if children[0]["type"] == "current" else 0])
    else:
        for child in children:
            if isinstance(child, Mapping):
                yield from _facts(child)


def compile_controls(controls: Iterable[Control]) -> None:
    """Raise ControlError, naming the control, for the first expression that is not JMESPath."""
    for control in controls:
        for text in filter(None, (control.actual, control.when, control.evidence)):
            try:
                compile_expression(text)
            except ControlError as exc:
                raise ControlError(f"Control {control.id}: {exc}") from exc


@dataclass(frozen=True)
class Evaluation:
    """What came of an evaluation: the findings, and how many more were a pass that nobody asked to see."""

    findings: list[Finding]
    passes_left_out: int

    @property
    def summary(self) -> dict[str, dict[str, int]]:
        """Counts as `summarize` gives them, the passes that were left out included."""
        counts = summarize(self.findings)
        counts["status"]["pass"] += self.passes_left_out
        return counts


def evaluate(
    snapshot: Snapshot, controls: Iterable[Control], target: str, *, include_passes: bool = False
) -> Evaluation:
    """Every control over every subject of its scope.

    A control that applies to no subject gives one not_applicable, one that a human must judge gives one manual, one
    whose scope or fact could not be read gives error: at least one verdict a control, so that none is lost in silence.
    Of a scope in the snapshot's `errors` or `unseen` (what cannot be seen from there, and why; manual) the subjects
    that are known all the same are judged beside that.
    """
    findings: list[Finding] = []
    passes = 0
    for control in controls:
        for finding in _evaluate_control(snapshot, control, target, include_passes):
            if finding is PASSED:
                passes += 1
            else:
                findings.append(finding)
    return Evaluation(findings, passes)


# Stands for a pass that nobody asked to see: most verdicts are one, and building each would double an audit's time.
PASSED: Finding = {}


def _evaluate_control(snapshot: Snapshot, control: Control, target: str, include_passes: bool) -> list[Finding]:
    nobody = {"kind": control.scope, "name": ""}
    if control.manual and not control.when:
        return [_finding(control, target, nobody, "manual", reason=control.manual)]
    subjects: Sequence[Subject] = snapshot["subjects"].get(control.scope) or ()
    verdicts = (_judge(control, subject, target, include_passes) for subject in subjects)
    findings = [finding for finding in verdicts if finding is not None]
    for status, part in (("error", "errors"), ("manual", "unseen")):
        reason = (snapshot.get(part) or {}).get(control.scope)
        if reason:
            findings.append(_finding(control, target, nobody, status, reason=reason))
    if findings:
        return findings
    reason = control.not_applicable or f"There is no {control.scope} that this control applies to."
    return [_finding(control, target, nobody, "not_applicable", reason=reason)]


def _judge(control: Control, subject: Subject, target: str, include_passes: bool) -> Finding | None:
    """The verdict of one control on one subject, or None where the control does not apply to it."""
    identity = subject["subject"]
    try:
        if control.when and not _true(_read(control.when, subject)):
            return None
        if control.manual:
            return _finding(control, target, identity, "manual", reason=control.manual)
        actual = _read(control.actual, subject)
        operator, operand = next(iter((control.expected or {}).items()))
        passed = OPERATORS[operator](actual, operand)
        if passed and not include_passes:
            return PASSED
        evidence = compile_expression(control.evidence).of(subject) if control.evidence else None
    except (UnknownFactError, JMESPathError) as exc:
        return _finding(control, target, identity, "error", reason=str(exc))
    return _finding(control, target, identity, "pass" if passed else "fail", actual=actual, evidence=evidence)


def _read(text: str, subject: Subject) -> Any:
    expression = compile_expression(text)
    unread = subject.get("unknown")
    if unread:
        for fact in sorted(expression.facts):
            if fact in unread:
                raise UnknownFactError(f"{fact}: {unread[fact]}")
    return expression.of(subject)


def _true(value: Any) -> bool:
    """JMESPath's own truth: null, false, and what is empty are false; 0 is true."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _finding(
    control: Control,
    target: str,
    subject: Mapping[str, str],
    status: str,
    *,
    actual: Any = None,
    evidence: Any = None,
    reason: str | None = None,
) -> Finding:
    return {
        "control": control.id,
        "title": control.title,
        "severity": control.severity,
        "remediation": control.remediation,
        "references": [dict(reference) for reference in control.references],
        "status": status,
        "target": target,
        "subject": dict(subject),
        "expected": dict(control.expected) if control.expected else None,
        "actual": shortened(actual),
        "evidence": shortened(evidence),
        "reason": reason,
        "fingerprint": fingerprint(control.id, target, subject),
        "waiver": None,
        "drift": None,
    }
