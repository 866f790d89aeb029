# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about log options agrees with what dockerd 20.10 did with a container that had them."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.log_options import (
    log_option_problems,
)

STARTS: list[tuple[str, dict[str, str]]] = [
    ("json-file", {}),
    ("json-file", {"max-size": "10 MB", "max-file": "3"}),
    ("json-file", {"max-size": "1.5m"}),
    ("json-file", {"max-size": "10mib", "compress": "true", "max-file": "3"}),
    ("json-file", {"mode": "non-blocking", "max-buffer-size": "1m"}),
    ("json-file", {"labels": "a", "env-regex": "b", "tag": "x", "cache-disabled": "true"}),
    ("local", {"max-size": "0"}),
    ("local", {"compress": "true"}),
    ("local", {"compress": "false", "max-file": "1"}),
    ("local", {"mode": "blocking", "cache-disabled": "true"}),
    ("splunk", {"max-sise": "-1"}),
]
FAILS: list[tuple[str, dict[str, str], str]] = [
    (
        "json-file",
        {"max-size": "-1"},
        "log-opts: max-size wants a size such as 10m, not '-1'; leave it out for no limit",
    ),
    ("json-file", {"max-size": "0"}, "max-size wants a size"),
    ("json-file", {"max-size": "10x"}, "not '10x'"),
    ("json-file", {"max-size": ""}, "max-size wants a size"),
    ("json-file", {"max-file": "0"}, "log-opts: max-file wants a number from 1 up, not '0'"),
    ("json-file", {"max-file": "3.0"}, "max-file wants"),
    ("json-file", {"max-file": " 3"}, "max-file wants"),
    ("json-file", {"compress": "yes"}, "compress wants true or false, not 'yes'"),
    ("json-file", {"compress": "true"}, "compress needs max-size"),
    ("json-file", {"compress": "true", "max-file": "3"}, "compress needs max-size"),
    ("json-file", {"mode": "x"}, "mode wants blocking or non-blocking"),
    ("json-file", {"max-buffer-size": "1m"}, "max-buffer-size needs mode non-blocking"),
    ("json-file", {"max-sise": "1m"}, "json-file knows no max-sise; write max-size"),
    ("local", {"max-size": "-1"}, "max-size wants a size"),
    ("local", {"max-file": "1"}, "compress needs max-size and a max-file of 2 or more"),
    ("local", {"labels": "a"}, "local knows no labels; it knows max-size, max-file, compress"),
]


@pytest.mark.parametrize(("driver", "options"), STARTS)
def test_what_a_container_starts_with(driver: str, options: dict[str, str]) -> None:
    assert log_option_problems(driver, options) == []


@pytest.mark.parametrize(("driver", "options", "says"), FAILS)
def test_what_no_container_starts_with(driver: str, options: dict[str, str], says: str) -> None:
    (problem,) = log_option_problems(driver, options)
    assert says in problem


def test_a_long_value_may_be_a_secret_in_the_wrong_place() -> None:
    (problem,) = log_option_problems("json-file", {"max-size": "s" * 40})
    assert "ssss" not in problem
