# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples that people copy must work: every task of ours in EXAMPLES and in the guides uses options that exist."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

_ROOT = Path(__file__).parents[2]
_COLLECTION = "bulkhead.container_security"
_MODULES = {file.stem: file for file in sorted((_ROOT / "plugins" / "modules").glob("[!_]*.py"))}
_PAGES = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]
_YAML_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@functools.cache
def _constants(file: Path) -> dict[str, str]:
    """The text constants of a module, without importing it."""
    return {
        statement.targets[0].id: statement.value.value
        for statement in ast.parse(file.read_text()).body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    }


def _fragment_options(name: str) -> dict[str, Any]:
    file, _separator, part = name.removeprefix(f"{_COLLECTION}.").removeprefix("ansible.builtin.").partition(".")
    if name.startswith(_COLLECTION):
        module = importlib.import_module(f"ansible_collections.{_COLLECTION}.plugins.doc_fragments.{file}")
    else:
        module = importlib.import_module(f"ansible.plugins.doc_fragments.{file}")
    text = getattr(module.ModuleDocFragment, part.upper() or "DOCUMENTATION")
    options: dict[str, Any] = yaml.safe_load(text).get("options", {})
    return options


@functools.cache
def _options(module: str) -> dict[str, Any]:
    document = yaml.safe_load(_constants(_MODULES[module])["DOCUMENTATION"])
    fragments = document.get("extends_documentation_fragment", [])
    options: dict[str, Any] = {}
    for fragment in [fragments] if isinstance(fragments, str) else fragments:
        options |= _fragment_options(fragment)
    # What a module says itself goes before its fragments.
    return {**options, **document.get("options", {})}


def _faults(given: Any, options: Mapping[str, Any], where: str) -> Iterator[str]:
    """What is wrong with these arguments; templates are taken for right."""
    if not isinstance(given, Mapping):
        return
    names = {alias: name for name, option in options.items() for alias in (name, *option.get("aliases", []))}
    for key in set(given) - set(names):
        yield f"{where}: there is no option {key}"
    for name, option in options.items():
        if option.get("required") and not {name, *option.get("aliases", [])} & set(given):
            yield f"{where}: {name} is required"
    for key in set(given) & set(names):
        yield from _value_faults(given[key], options[names[key]], f"{where}.{key}")


def _value_faults(value: Any, option: Mapping[str, Any], where: str) -> Iterator[str]:
    items = value if isinstance(value, list) else [value]
    if isinstance(value, list) and option.get("type") != "list" and option.get("type") != "raw":
        yield f"{where}: not a list but {option.get('type', 'str')}"
    for item in items:
        if isinstance(item, str) and "{{" in item:
            continue
        if option.get("choices") and item not in option["choices"]:
            yield f"{where}: {item!r} is none of {option['choices']}"
        if option.get("options"):
            yield from _faults(item, option["options"], where)


def _tasks(node: Any, defaults: Mapping[str, Any] | None = None) -> Iterator[tuple[str, Any]]:
    """(module, arguments) of every task of ours, however deep in plays and blocks, `module_defaults` among them."""
    known = dict(defaults or {})
    if isinstance(node, list):
        for item in node:
            yield from _tasks(item, known)
    elif isinstance(node, Mapping):
        known |= _group_defaults(node.get("module_defaults"))
        for key, value in node.items():
            name = str(key).removeprefix(f"{_COLLECTION}.")
            if name != key and name in _MODULES:
                yield name, {**known.get(name, {}), **(value or {})}
            elif key != "module_defaults":
                yield from _tasks(value, known)


def _group_defaults(given: Any) -> dict[str, Any]:
    """The arguments that `module_defaults` gives to every module of a group of ours, by module."""
    groups = yaml.safe_load((_ROOT / "meta" / "runtime.yml").read_text())["action_groups"]
    found: dict[str, Any] = {}
    for name, arguments in (given or {}).items():
        for module in groups.get(name.removeprefix(f"group/{_COLLECTION}."), []):
            found[module] = arguments
    return found


def _wrong(text: str, page: str) -> list[str]:
    found: list[str] = []
    for document in yaml.safe_load_all(text):
        for module, given in _tasks(document):
            found += _faults(given, _options(module), f"{page}: {module}")
    return found


@pytest.mark.parametrize("module", _MODULES)
def test_examples_of_a_module_use_it_and_its_options_rightly(module: str) -> None:
    text = _constants(_MODULES[module])["EXAMPLES"]
    assert module in {name for name, _given in _tasks(list(yaml.safe_load_all(text)))}
    assert not _wrong(text, "EXAMPLES")


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_examples_of_a_page_use_options_that_exist(page: Path) -> None:
    for block in _YAML_BLOCK.findall(page.read_text() if page.exists() else ""):
        assert not _wrong(block, page.name)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"name": "x"}, None),
        ({"nme": "x", "name": "x"}, "no option nme"),
        ({}, "name is required"),
        ({"name": "x", "state": "gone"}, "none of"),
        ({"name": "x", "state": "{{ wanted }}"}, None),
        ({"name": "x", "rules": [{"pth": "/"}]}, "no option pth"),
        ({"name": ["x"]}, "not a list"),
    ],
)
def test_the_check_finds_what_is_wrong(arguments: dict[str, Any], fault: str | None) -> None:
    options = {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"]},
        "rules": {"type": "list", "elements": "dict", "options": {"path": {"type": "path"}}},
    }
    found = list(_faults(arguments, options, "here"))
    assert len(found) == (fault is not None)
    assert fault is None or fault in found[0]
