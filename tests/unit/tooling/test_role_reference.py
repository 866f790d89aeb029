# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults and README of a role say what its argument specs say, and Ansible reads the same values from them."""

from __future__ import annotations

from typing import Any

import yaml

from tests.tooling.generate.role_reference import defaults_text, readme_text

_OPTIONS: dict[str, Any] = {
    "web_state": {"description": "Whether it is V(present).", "default": "present", "choices": ["present", "absent"]},
    "web_hosts": {"description": ["One.", "Two | three."], "type": "list", "elements": "str", "default": ["{{ a }}"]},
    "web_name": {"description": "Its name.", "required": True},
    "web_rules": {"type": "list", "elements": "dict", "options": {"path": {"type": "path", "description": "A path."}}},
}


def test_defaults_hold_every_default_and_nothing_else() -> None:
    assert yaml.safe_load(defaults_text(_OPTIONS)) == {"web_state": "present", "web_hosts": ["{{ a }}"]}


def test_defaults_explain_themselves_without_markup() -> None:
    assert "# Whether it is present.\nweb_state: present\n" in defaults_text(_OPTIONS)
    assert "# One.\n# Two | three.\n" in defaults_text(_OPTIONS)


def test_readme_lists_every_option_with_its_suboptions() -> None:
    text = readme_text("web", {"main": {"short_description": "Run a web server", "options": _OPTIONS}})
    assert "| `web_state` | str | `present` | Whether it is `present`. One of `present`, `absent`. |" in text
    assert "| `web_hosts` | list of str | `['{{ a }}']` | One. Two \\| three. |" in text
    assert "| `web_name` | str | required | Its name. |" in text
    assert "| `web_rules.path` | path |  | A path. |" in text
