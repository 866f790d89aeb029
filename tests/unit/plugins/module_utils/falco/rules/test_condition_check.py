# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a condition beside its grammar."""

from __future__ import annotations

import pytest

from tests.unit.plugins.module_utils.falco.rules.rule_cases import errors, rule, warnings


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("proc.pid contains 1", "proc.pid is a number, which the operator contains does not compare"),
        ("evt.type = opn", "there is no event type opn (did you mean open?)"),
        ("evt.type in (open, execv)", "there is no event type execv (did you mean execve?)"),
        ("evt.around[1] > 2", "evt.around takes only ="),
        ("proc.name = val(proc.pid)", "proc.name is a text, but proc.pid is a number"),
        ("proc.name regex val(proc.pname)", "regex does not compare with a field"),
        ("tolower(proc.pid) = a", "tolower() does not take proc.pid"),
        ("tolower(proc.nam) = a", "no field proc.nam"),
        ("fd.sip = 10.0.0", "10.0.0 is no IP address"),
        ("fd.snet = 10.0.0.1", "is no network, such as 10.0.0.0/8"),
        ("proc.aname[1] = val(proc.name)", "proc.aname cannot be compared with another field"),
    ],
)
def test_errors(condition: str, says: str) -> None:
    assert says in errors(rule(f"evt.type = open and {condition}"))


def test_all_errors_of_a_condition_are_told() -> None:
    assert errors(rule("evt.type = opn and proc.nam = a and proc.pid = b")).count("LOAD_ERR_COMPILE_CONDITION") == 3


@pytest.mark.parametrize(
    "condition",
    [
        "proc.name = val(proc.pname)",
        "len(proc.name) > 3",
        "evt.rawarg.size > 3",
        "evt.type = container",
        "fd.sport = ssh",
    ],
)
def test_good_ones(condition: str) -> None:
    assert errors(rule(f"evt.type = open and {condition}")) == ""


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("evt.dir = <", "evt.dir is deprecated"),
        ("tolower(evt.dir) = <", "evt.dir is deprecated"),
        ("proc.name = proc.pname", "write val(proc.pname)"),
        ("proc.name = 'tolower(proc.pname)'", "looks like a transformer"),
        ("proc.name regex abc", "needs none"),
        ("proc.name regex '.*abc.*'", "needs none"),
        ("proc.name regex '^abc$'", "needs none"),
        ("proc.name regex '[0-9]+\\\\d'", "has \\d, which Falco's POSIX syntax lacks"),
        ("proc.name regex '(?i)abc[x]'", "has (?, which"),
        ("proc.name regex 'a[b'", "is not valid"),
    ],
)
def test_warnings(condition: str, says: str) -> None:
    assert says in warnings(rule(f"evt.type = open and {condition}"))


@pytest.mark.parametrize(
    "condition",
    [
        "proc.name regex '[[:space:]]+x[^[:digit:]]'",
        "proc.name regex 's.*l'",
        "proc.name = tolower",
        "proc.name = no.field",
    ],
)
def test_nothing_to_warn_of(condition: str) -> None:
    assert warnings(rule(f"evt.type = open and {condition}")) == ""


def test_absent_values_of_the_audit_log() -> None:
    said = warnings(rule("ka.verb = '<NA>' and ka.uri in (a, '<NA>')", source="k8s_audit"))
    assert said.count("LOAD_UNSAFE_NA_CHECK") == 2
    assert "use 'ka.verb exists'" in said
