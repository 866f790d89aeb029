# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rules file requires of the engine and of plugins."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Node, required
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine

_VERSION = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:[-+].*)?")
Version = tuple[int, int, int]


def require_engine(node: Node, engine: Engine) -> Version:
    """The required version. RulesError where this Falco's engine is older, or of another major version."""
    version = (0, int(node.text), 0) if node.text.isdecimal() else _version(node.text)
    if version is None:
        raise node.error(f"the engine version {node.text} is not of the form x.y.z")
    here = engine.grammar.engine
    if here[0] != version[0] or here < version:
        raise node.invalid(f"requires engine {_text(version)}, but that of Falco {engine.version} is {_text(here)}")
    return version


def require_plugins(node: Node, engine: Engine) -> list[list[dict[str, str]]]:
    """The alternatives of each required plugin, as {name, version}. RulesError where none of them is there."""
    if not node.is_list:
        raise node.error("'required_plugin_versions' is no list")
    found = []
    for element in node.elements():
        alternatives = _alternatives(element)
        if not any(_is_met(alternative, engine) for alternative in alternatives):
            wanted = " or ".join(f"{each['name']} {each['version']}" for each in alternatives)
            raise element.invalid(f"requires the plugin {wanted}, which this Falco does not load")
        found.append(alternatives)
    return found


def _alternatives(element: Node) -> list[dict[str, str]]:
    found = [_requirement(element)]
    more = element.entries().get("alternatives")
    if more is not None:
        if not more.is_list:
            raise more.error("'alternatives' is no list")
        found += [_requirement(each) for each in more.elements()]
    names = [each["name"] for each in found]
    if len(set(names)) != len(names):
        raise element.invalid("the same plugin stands twice among the alternatives")
    return found


def _requirement(element: Node) -> dict[str, str]:
    if not element.is_mapping:
        raise element.error("a required plugin is a mapping of 'name' and 'version'")
    entries = element.entries()
    name, version = required(entries, "name", element).text, required(entries, "version", element)
    if _version(version.text) is None:
        raise version.invalid(f"the version {version.text} of the plugin {name} is not of the form x.y.z")
    return {"name": name, "version": version.text}


def _is_met(wanted: dict[str, str], engine: Engine) -> bool:
    if wanted["name"] not in engine.plugins:
        return False
    here, least = _version(engine.plugins[wanted["name"]]), _version(wanted["version"])
    # A plugin whose version nobody has told is taken for new enough.
    return here is None or least is None or (here[0] == least[0] and here >= least)


def _version(text: str) -> Version | None:
    found = _VERSION.fullmatch(text)
    return (int(found.group(1)), int(found.group(2)), int(found.group(3))) if found else None


def _text(version: Version) -> str:
    return ".".join(str(number) for number in version)
