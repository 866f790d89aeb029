# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the parameters of one rule: each by itself, and those that mean nothing without another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Parameter, Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.problem import (
    Problem,
    suggestion,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    FORMS,
    NUMBER,
    SCORES,
    SIZE,
    ParameterSpec,
    TriggerSpec,
)

_WITHOUT_VALUE = ("exists", "not_exists")
_ATTRIBUTE_FORMS = {"size": SIZE, "layer_count": NUMBER}
# Gate, trigger: a parameter and the other one without which the engine passes over it, or fails on it.
_TOGETHER: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("vulnerabilities", "package"): (
        ("severity", "severity_comparison"),
        ("severity_comparison", "severity"),
        *((score, f"{score}_comparison") for score in SCORES),
        *((f"{score}_comparison", score) for score in SCORES),
        ("max_days_since_fix", "fix_available"),
    ),
    ("files", "attribute_match"): (
        ("checksum", "checksum_match"),
        ("checksum_match", "checksum"),
        ("mode", "mode_op"),
        ("mode_op", "mode"),
    ),
    ("packages", "required_package"): (("version_match_type", "version"),),
}


def parameter_problems(path: str, rule: Rule, trigger: TriggerSpec) -> Iterator[Problem]:
    """The problems of `rule`, which stands at `path`, with the parameters of its trigger."""
    seen: set[str] = set()
    for index, given in enumerate(rule.params):
        at = f"{path}.params[{index}]"
        known = trigger.parameter(given.name)
        if known is None:
            yield _problem(f"{at}.name", _unknown(given, rule, trigger), rule, given.name)
            continue
        if known.name in seen:
            yield _problem(f"{at}.name", f"parameter {known.name} is given twice", rule, known.name)
        seen.add(known.name)
        fault = value_fault(given.value, known)
        if fault:
            yield _problem(f"{at}.value", f"{_of(rule, known.name)} {fault}", rule, known.name)
    for known in trigger.parameters:
        if known.required and known.name not in seen:
            fault = f"{_of(rule, known.name)} is missing; it takes {known.allowed}"
            yield _problem(f"{path}.params", fault, rule, known.name)
    yield from _combinations(path, rule, seen)


def value_fault(value: str, known: ParameterSpec) -> str:
    """What is wrong with a value for that parameter, "" where nothing is."""
    if known.choices:
        right = (value.lower() if known.ignore_case else value) in known.choices
        return "" if right else f"is {value!r}, and takes {known.allowed}{_closest(value, known)}"
    if not re.fullmatch(known.pattern, value):
        return f"is {value!r}, and takes {known.allowed}"
    return regex_fault(value) if known.is_regex else ""


def regex_fault(value: str) -> str:
    """Why the text is no regular expression, "" where it is one."""
    try:
        re.compile(value)
    except re.error as exc:
        return f"is no regular expression: {exc}"
    return ""


def _closest(value: str, known: ParameterSpec) -> str:
    close = next((choice for choice in known.choices if choice.lower() == value.lower()), "")
    return f"; it has to be written {close!r}" if close else ""


def _combinations(path: str, rule: Rule, seen: set[str]) -> Iterator[Problem]:
    for name, needed in _TOGETHER.get((rule.gate.lower(), rule.trigger.lower()), ()):
        if name in seen and needed not in seen:
            yield _problem(f"{path}.params", f"{_of(rule, name)} means nothing without {needed}", rule, needed)
    fix_available = rule.value("fix_available")
    if "max_days_since_fix" in seen and fix_available is not None and fix_available.lower() != "true":
        fault = f"{_of(rule, 'max_days_since_fix')} means nothing unless fix_available is true"
        yield _problem(f"{path}.params", fault, rule, "fix_available")
    if (rule.gate.lower(), rule.trigger.lower()) in (("dockerfile", "instruction"), ("metadata", "attribute")):
        yield from _check(path, rule)


def _check(path: str, rule: Rule) -> Iterator[Problem]:
    """What `check` asks of `value`."""
    check, value = rule.value("check"), rule.value("value")
    if check is None or check in _WITHOUT_VALUE:
        return
    if value is None:
        yield _problem(f"{path}.params", f"{_of(rule, 'value')} is missing; check {check} needs it", rule, "value")
        return
    fault = regex_fault(value) if check in ("like", "not_like") else ""
    form = _ATTRIBUTE_FORMS.get((rule.value("attribute") or "").lower())
    if form and not re.fullmatch(form, value):
        fault = f"is {value!r}, and takes {FORMS[form]} for attribute {rule.value('attribute')}"
    if fault:
        yield _problem(f"{path}.params", f"{_of(rule, 'value')} {fault}", rule, "value")


def _unknown(given: Parameter, rule: Rule, trigger: TriggerSpec) -> str:
    known = [each.name for each in trigger.parameters]
    if not known:
        return f"trigger {rule.trigger} of gate {rule.gate} takes no parameters, and {given.name!r} is given"
    return f"trigger {rule.trigger} of gate {rule.gate} has no parameter {given.name!r}{suggestion(given.name, known)}"


def _of(rule: Rule, name: str) -> str:
    return f"parameter {name} of {rule.gate}/{rule.trigger}"


def _problem(path: str, message: str, rule: Rule, parameter: str) -> Problem:
    return Problem(path, message, rule.gate, rule.trigger, parameter)
