# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action accepts is what its documentation says."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.action.audit_report import ARGUMENT_SPEC, ActionModule
from ansible_collections.bulkhead.container_security.plugins.modules import audit_report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS

DOCUMENTED: dict[str, Any] = yaml.safe_load(audit_report.DOCUMENTATION)["options"]


def test_every_option_is_documented() -> None:
    assert set(DOCUMENTED) == set(ARGUMENT_SPEC)


@pytest.mark.parametrize("name", sorted(ARGUMENT_SPEC))
def test_type_default_and_choices_are_those_of_the_documentation(name: str) -> None:
    for part in ("type", "elements", "default", "choices", "required"):
        assert ARGUMENT_SPEC[name].get(part) == DOCUMENTED[name].get(part), part


def test_every_format_can_be_chosen() -> None:
    assert DOCUMENTED["formats"]["choices"] == list(FORMATS)


def test_it_runs_once_and_without_a_connection() -> None:
    assert ActionModule.BYPASS_HOST_LOOP
    assert not ActionModule._requires_connection
