# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options are those that it documents."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.doc_fragments.docker import ModuleDocFragment
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import DOCKER_SCOPES
from ansible_collections.bulkhead.container_security.plugins.modules import docker_audit

DOCUMENTED = yaml.safe_load(docker_audit.DOCUMENTATION)["options"]
SHARED = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
SPEC: dict[str, Any] = docker_audit.argument_spec()


def test_every_option_is_documented() -> None:
    assert set(SPEC) == {*DOCUMENTED, *SHARED}


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_an_option_is_as_documented(name: str) -> None:
    for field in ("type", "elements", "default", "choices"):
        assert SPEC[name].get(field) == DOCUMENTED[name].get(field), field


def test_a_control_of_ones_own_is_as_documented() -> None:
    suboptions = DOCUMENTED["controls"]["suboptions"]
    assert set(SPEC["controls"]["options"]) == set(suboptions)
    assert suboptions["scope"]["choices"] == list(DOCKER_SCOPES) == SPEC["controls"]["options"]["scope"]["choices"]


@pytest.mark.parametrize("text", [docker_audit.EXAMPLES, docker_audit.RETURN])
def test_examples_and_return_values_are_yaml(text: str) -> None:
    assert yaml.safe_load(text)
