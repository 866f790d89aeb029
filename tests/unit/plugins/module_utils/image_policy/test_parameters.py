# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of a rule: each by itself, and together."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Parameter, Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parameters import (
    parameter_problems,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import ENGINE_1_1_0


def _problems(gate: str, trigger: str, **params: str) -> list[str]:
    rule = Rule(gate, trigger, "STOP", tuple(Parameter(name, value) for name, value in params.items()))
    return [problem.message for problem in parameter_problems("rule", rule, ENGINE_1_1_0[gate][trigger])]


@pytest.mark.parametrize(
    ("gate", "trigger", "params"),
    [
        ("always", "always", {}),
        ("dockerfile", "exposed_ports", {"ports": "22, 80", "TYPE": "blacklist"}),
        ("dockerfile", "instruction", {"instruction": "USER", "check": "not_exists"}),
        ("dockerfile", "instruction", {"instruction": "FROM", "check": "like", "value": ".*:latest"}),
        ("metadata", "attribute", {"attribute": "size", "check": ">", "value": "500MB"}),
        ("vulnerabilities", "package", {"package_type": "all", "severity_comparison": ">=", "severity": "high"}),
        ("vulnerabilities", "package", {"package_type": "os", "fix_available": "True", "max_days_since_fix": "7"}),
    ],
)
def test_what_the_engine_takes_is_taken(gate: str, trigger: str, params: dict[str, str]) -> None:
    assert _problems(gate, trigger, **params) == []


@pytest.mark.parametrize(
    ("gate", "trigger", "params", "sentence"),
    [
        (
            "dockerfile",
            "exposed_ports",
            {"ports": "ssh", "type": "blacklist"},
            "parameter ports of dockerfile/exposed_ports is 'ssh', and takes whole numbers with commas between them",
        ),
        (
            "dockerfile",
            "exposed_ports",
            {"ports": "22"},
            "parameter type of dockerfile/exposed_ports is missing; it takes one of whitelist, blacklist",
        ),
        (
            "dockerfile",
            "instruction",
            {"instruction": "user", "check": "exists"},
            "; it has to be written 'USER'",
        ),
        (
            "dockerfile",
            "instruction",
            {"instruction": "USER", "check": "="},
            "parameter value of dockerfile/instruction is missing; check = needs it",
        ),
        (
            "dockerfile",
            "instruction",
            {"instruction": "FROM", "check": "like", "value": "*"},
            "parameter value of dockerfile/instruction is no regular expression",
        ),
        (
            "metadata",
            "attribute",
            {"attribute": "size", "check": ">", "value": "big"},
            "is 'big', and takes bytes, or a number with KB, MB, GB or TB for attribute size",
        ),
        (
            "vulnerabilities",
            "package",
            {"package_type": "all", "severity": "high"},
            "parameter severity of vulnerabilities/package means nothing without severity_comparison",
        ),
        (
            "vulnerabilities",
            "package",
            {"package_type": "all", "max_days_since_fix": "7", "fix_available": "false"},
            "means nothing unless fix_available is true",
        ),
        ("files", "name_match", {"regex": "*.pem"}, "parameter regex of files/name_match is no regular expression"),
        ("malware", "scans", {"name": "x"}, "trigger scans of gate malware takes no parameters, and 'name' is given"),
        (
            "passwd_file",
            "blacklist_usernames",
            {"user_names": "ftp", "usernameblacklist": "ftp"},
            "parameter user_names is given twice",
        ),
    ],
)
def test_what_it_does_not_take_is_said(gate: str, trigger: str, params: dict[str, str], sentence: str) -> None:
    problems = _problems(gate, trigger, **params)
    assert len(problems) == 1
    assert sentence in problems[0]
