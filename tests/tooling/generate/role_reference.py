# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role's README.md and defaults/main.yml, from its meta/argument_specs.yml, where alone options are declared."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_MARKUP = re.compile(r"\b([BCEIOV])\(((?:[^()\\]|\\.|\([^()]*\))*)\)")
_DEFAULTS_HEAD = "---\n# Generated from meta/argument_specs.yml by `make generate`: change it there.\n"


def _sentences(description: str | list[str] | None) -> list[str]:
    if description is None:
        return []
    return [description] if isinstance(description, str) else list(description)


def _markdown(text: str) -> str:
    """Ansible's markup as Markdown: C(x), V(x), O(x), E(x) are code, B(x) is bold, I(x) italic."""

    def replaced(match: re.Match[str]) -> str:
        quote = {"B": "**", "I": "*"}.get(match.group(1), "`")
        return f"{quote}{match.group(2)}{quote}"

    return _MARKUP.sub(replaced, text)


class _Dumper(yaml.SafeDumper):
    """Indents lists, as yamllint and ansible-lint want them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


def _comment(option: Mapping[str, Any]) -> str:
    lines = []
    for sentence in _sentences(option.get("description")):
        lines += textwrap.wrap(_plain(sentence), 118, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


def _plain(text: str) -> str:
    return _MARKUP.sub(lambda match: match.group(2), text)


def defaults_text(options: Mapping[str, Any]) -> str:
    """defaults/main.yml: every option that has a default, under its description."""
    parts = [_DEFAULTS_HEAD]
    for name, option in options.items():
        if "default" in option:
            value = yaml.dump({name: option["default"]}, Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True)
            parts.append(f"\n{_comment(option)}{value}")
    return "".join(parts)


def _default_cell(option: Mapping[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    value = (
        yaml.dump(option["default"], default_flow_style=True, width=10**6, sort_keys=False)
        .removesuffix("...\n")
        .strip()
    )
    return f"`{value}`"


def _row(name: str, option: Mapping[str, Any]) -> str:
    kind = option.get("type", "str")
    if kind == "list":
        kind = f"list of {option.get('elements', 'any')}"
    text = " ".join(_markdown(sentence) for sentence in _sentences(option.get("description")))
    if option.get("choices"):
        text += f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}."
    return f"| `{name}` | {kind} | {_escape(_default_cell(option))} | {_escape(text)} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _rows(options: Mapping[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for name, option in options.items():
        rows.append(_row(prefix + name, option))
        rows += _rows(option.get("options", {}), f"{prefix}{name}.")
    return rows


def readme_text(role: str, entries: Mapping[str, Any]) -> str:
    """README.md: what the role does, and a table of options for each of its entry points."""
    lines = [
        f"# bulkhead.container_security.{role}",
        "",
        "Generated from `meta/argument_specs.yml` by `make generate`.",
    ]
    for entry, spec in entries.items():
        lines += ["", f"## {spec['short_description']}" + ("" if entry == "main" else f" (`tasks_from: {entry}`)"), ""]
        for sentence in _sentences(spec.get("description")):
            lines += [_markdown(sentence), ""]
        lines += ["| option | type | default | meaning |", "|---|---|---|---|", *_rows(spec.get("options", {}))]
    return "\n".join(lines) + "\n"


def texts(roles: Path) -> dict[Path, str]:
    """Path to text, of every file that the roles' argument specs generate."""
    found = {}
    for specs in sorted(roles.glob("*/meta/argument_specs.yml")):
        role = specs.parents[1]
        entries = yaml.safe_load(specs.read_text())["argument_specs"]
        found[role / "README.md"] = readme_text(role.name, entries)
        found[role / "defaults" / "main.yml"] = defaults_text(entries["main"].get("options", {}))
    return found
