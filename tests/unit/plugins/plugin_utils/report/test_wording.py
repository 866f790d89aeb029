# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expectations read as English, for every operator that a control can have."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.operators import OPERATORS
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    expected_text,
    references_text,
    subject_text,
    value_text,
    verdict_text,
)
from tests.unit.plugins.plugin_utils.report.fleet import finding


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (None, ""),
        ({}, ""),
        ({"equals": False}, "false"),
        ({"equals": 0}, "0"),
        ({"equals": 1}, "1"),
        ({"equals": True}, "true"),
        ({"equals": None}, "not set"),
        ({"at_least": 2}, "at least 2"),
        ({"in": ["a", "b"]}, 'one of ["a", "b"]'),
        ({"empty": True}, "nothing"),
        ({"present": False}, "not to be set"),
        ({"matches": "^{}$"}, "to match ^{}$"),
        ({"mode_within": "0644"}, "no mode bit beyond 0644"),
        ({"unheard_of": 1}, "unheard_of 1"),
    ],
)
def test_an_expectation_in_words(expected: Any, text: str) -> None:
    assert expected_text(expected) == text


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_has_words(operator: str) -> None:
    assert not expected_text({operator: True}).startswith(operator)


def test_a_verdict_gives_its_reason_or_both_values() -> None:
    assert verdict_text(finding()) == "Expected false; found true."
    assert verdict_text(finding(actual=None)) == "Expected false; found not set."
    assert verdict_text(finding(reason="It is down.")) == "It is down."
    assert verdict_text(finding(expected=None)) == "A container must not be privileged"


def test_subjects_and_references() -> None:
    assert subject_text({"kind": "container", "name": "web"}) == "container web"
    assert subject_text({"kind": "host", "name": ""}) == "host"
    pod = {"kind": "pod", "namespace": "shop", "name": "cart", "container": "app"}
    assert subject_text(pod) == "pod shop/cart (container app)"
    assert subject_text({"kind": "run", "name": "x", "file": "a/Dockerfile", "line": "3"}) == "run a/Dockerfile:3"
    assert subject_text({"kind": "dockerfile", "name": "x", "file": "a/Dockerfile"}) == "dockerfile a/Dockerfile"
    assert references_text(finding()) == "cis-docker 1.8.0 5.5"


@pytest.mark.parametrize(("value", "text"), [("é", "é"), ({"a": "é"}, '{"a": "é"}'), (1.5, "1.5"), (None, "not set")])
def test_values(value: Any, text: str) -> None:
    assert value_text(value) == text
