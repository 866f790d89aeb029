# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""falco_rules as a module: its options are those that it documents."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import ALL_PLUGINS
from ansible_collections.bulkhead.container_security.plugins.modules import falco_rules


def _described(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (option["type"], option.get("default"), option.get("choices"), _described(option.get("suboptions", {})))
        for name, option in options.items()
    }


def _accepted(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (option["type"], option.get("default"), option.get("choices"), _accepted(option.get("options", {})))
        for name, option in spec.items()
    }


def test_the_documentation_is_of_the_options_there_are() -> None:
    documentation = yaml.safe_load(falco_rules.DOCUMENTATION)
    assert _described(documentation["options"]) == _accepted(falco_rules.argument_spec())


@pytest.mark.parametrize("plugin", ["container", "k8saudit", "k8saudit-eks"])
def test_plugins_that_it_speaks_of_are_known(plugin: str) -> None:
    assert plugin in ALL_PLUGINS
