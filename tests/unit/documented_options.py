# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a module as it documents them and as it takes them, in one form to be compared."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import yaml

_FRAGMENTS = "ansible_collections.bulkhead.container_security.plugins.doc_fragments"
Options = dict[str, Any]


def documented(module: ModuleType) -> Options:
    """What DOCUMENTATION says, fragments of ours among it; what a module says itself goes before them."""
    document = yaml.safe_load(module.DOCUMENTATION)
    options: Options = {}
    for name in document.get("extends_documentation_fragment", []):
        fragment = importlib.import_module(f"{_FRAGMENTS}.{name.rpartition('.')[2]}")
        options |= yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
    return _form({**options, **document.get("options", {})}, "suboptions")


def taken(module: ModuleType) -> Options:
    """What the argument spec says."""
    return _form(module.argument_spec(), "options")


def _form(options: Options, below: str) -> Options:
    kept = ("type", "elements", "default", "choices")
    return {
        name: {
            **{key: option.get(key) for key in kept},
            "required": option.get("required", False),
            "options": _form(option.get(below) or {}, below),
        }
        for name, option in options.items()
    }
