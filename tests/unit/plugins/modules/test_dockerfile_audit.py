# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options are those that it documents."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.doc_fragments import audit
from ansible_collections.bulkhead.container_security.plugins.modules import dockerfile_audit

_FRAGMENTS = (audit.ModuleDocFragment,)
_TEXTS = (dockerfile_audit.DOCUMENTATION, *(fragment.DOCUMENTATION for fragment in _FRAGMENTS))
DOCUMENTED = {name: option for text in _TEXTS for name, option in yaml.safe_load(text)["options"].items()}
SPEC: dict[str, Any] = dockerfile_audit.argument_spec()


def test_every_option_is_documented() -> None:
    assert set(SPEC) == set(DOCUMENTED)


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_an_option_is_as_documented(name: str) -> None:
    for field in ("type", "elements", "default", "choices"):
        assert SPEC[name].get(field) == DOCUMENTED[name].get(field), field


def test_a_control_of_ones_own_is_as_documented() -> None:
    suboptions, options = DOCUMENTED["controls"]["suboptions"], SPEC["controls"]["options"]
    assert set(options) == set(suboptions)
    for name, option in options.items():
        for field in ("type", "elements", "required", "choices"):
            assert option.get(field) == suboptions[name].get(field), (name, field)


@pytest.mark.parametrize("text", [dockerfile_audit.EXAMPLES, dockerfile_audit.RETURN])
def test_examples_and_return_values_are_yaml(text: str) -> None:
    assert yaml.safe_load(text)
