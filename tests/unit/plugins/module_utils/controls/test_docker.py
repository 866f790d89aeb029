# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue as a whole: nothing of the benchmark is forgotten, and every row is sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError, checked
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import compile_controls
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import (
    DOCKER_CONTROLS,
    DOCKER_SCOPES,
    as_configured,
)

# How many numbers each section of the benchmark has; all of them count from 1 without a gap.
SECTIONS: Mapping[str, Mapping[str, int]] = {
    "1.8.0": {"1.1": 18, "1.2": 2, "2": 19, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9},
    "1.6.0": {"1.1": 18, "1.2": 2, "2": 18, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9},
}


def numbers(version: str) -> set[str]:
    return {f"{section}.{number}" for section, last in SECTIONS[version].items() for number in range(1, last + 1)}


def referenced(version: str, *, automated: bool) -> set[str]:
    return {
        reference["id"]
        for control in DOCKER_CONTROLS
        for reference in control.references
        if reference["version"] == version and (not automated or not control.manual)
    }


@pytest.mark.parametrize(("version", "total"), [("1.8.0", 118), ("1.6.0", 117)])
def test_every_number_of_the_benchmark_has_a_control(version: str, total: int) -> None:
    assert len(numbers(version)) == total
    assert referenced(version, automated=False) == numbers(version)


def test_at_least_112_of_118_are_automated() -> None:
    by_hand = numbers("1.8.0") - referenced("1.8.0", automated=True)
    assert len(by_hand) <= 118 - 112, sorted(by_hand)


def test_who_judges_by_hand_says_why() -> None:
    for control in DOCKER_CONTROLS:
        assert control.remediation, control.id
        assert not control.manual or control.manual.endswith("."), control.id


def test_ids_are_unique_and_name_their_scope() -> None:
    assert [name for name, count in Counter(control.id for control in DOCKER_CONTROLS).items() if count > 1] == []
    for control in DOCKER_CONTROLS:
        assert control.id.startswith("docker."), control.id


def test_every_row_is_sound() -> None:
    for control in DOCKER_CONTROLS:
        checked(control, DOCKER_SCOPES)
    compile_controls(DOCKER_CONTROLS)


def test_what_is_judged_by_hand_until_it_can_be_judged() -> None:
    plain = {each.id: each for each in as_configured(DOCKER_CONTROLS, allowed_registries=(), list_setuid=False)}
    told = {
        each.id: each for each in as_configured(DOCKER_CONTROLS, allowed_registries=["docker.io"], list_setuid=True)
    }
    for name in ("docker.image.trusted_source", "docker.image.setuid_files"):
        assert plain[name].manual
        assert not told[name].manual
        assert plain[name].references == told[name].references


@pytest.mark.parametrize("name", ["", "registry/app:1.0", "it's", "https://registry", "*.example.com", "a' || 'b"])
def test_a_registry_that_is_none(name: str) -> None:
    with pytest.raises(ControlError, match="allowed_registries"):
        as_configured(DOCKER_CONTROLS, allowed_registries=[name], list_setuid=False)
