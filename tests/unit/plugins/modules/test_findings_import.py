# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findings_import as a module: its options are those that it documents."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.run import argument_spec
from ansible_collections.bulkhead.container_security.plugins.modules import findings_import


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
    documentation = yaml.safe_load(findings_import.DOCUMENTATION)
    assert _described(documentation["options"]) == _accepted(argument_spec())
