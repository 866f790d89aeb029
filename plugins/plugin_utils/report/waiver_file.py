# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read waivers files: YAML, with the line of every fault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import (
    Waiver,
    WaiverError,
    waiver_from,
)


def parse_waivers(text: str, name: str) -> list[Waiver]:
    """The waivers in a YAML text: {waivers: [row, …]}, or just the rows. `name` stands for the file in messages.

    Raises WaiverError with `name:line` for what is no YAML, a key that stands twice, or a row that is no waiver.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as exc:
        raise WaiverError(f"{_where(name, exc)}: not YAML: {getattr(exc, 'problem', None) or exc}") from exc
    except RecursionError as exc:
        raise WaiverError(f"{name}: its YAML is nested too deeply") from exc
    return [_waiver(node, name) for node in _rows(root, name)]


def _where(name: str, exc: yaml.YAMLError) -> str:
    mark = getattr(exc, "problem_mark", None)
    return f"{name}:{mark.line + 1}" if mark else name


def _rows(root: yaml.Node | None, name: str) -> Iterable[yaml.Node]:
    if root is None:
        return []
    rows = root
    if isinstance(root, yaml.MappingNode):
        _check_keys(root, name)
        entries = {key.value: value for key, value in root.value}
        if set(entries) != {"waivers"}:
            raise WaiverError(f"{_line(root, name)}: a waivers file holds one key, waivers, with the list of them")
        rows = entries["waivers"]
    if isinstance(rows, yaml.ScalarNode) and rows.tag == "tag:yaml.org,2002:null":
        return []
    if not isinstance(rows, yaml.SequenceNode):
        raise WaiverError(f"{_line(rows, name)}: waivers must be a list")
    return list(rows.value)


def _line(node: yaml.Node, name: str) -> str:
    return f"{name}:{node.start_mark.line + 1}"


def _check_keys(node: yaml.MappingNode, name: str) -> None:
    seen: dict[str, str] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise WaiverError(f"{_line(key, name)}: a key must be text")
        if key.value in seen:
            raise WaiverError(f"{_line(key, name)}: {key.value!r} stands already at {seen[key.value]}")
        seen[key.value] = _line(key, name)
        # The subject has keys as well; what an alias refers to was read where it stands.
        if isinstance(value, yaml.MappingNode) and key.value == "subject":
            _check_keys(value, name)


def _waiver(node: yaml.Node, name: str) -> Waiver:
    where = _line(node, name)
    if not isinstance(node, yaml.MappingNode):
        raise WaiverError(f"{where}: a waiver is a mapping of fields")
    _check_keys(node, name)
    return waiver_from(_constructed(node, where), where)


def _constructed(node: yaml.Node, where: str) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as exc:  # ValueError: a date such as 2030-02-31
        raise WaiverError(f"{where}: {getattr(exc, 'problem', None) or exc}") from exc
    finally:
        loader.dispose()
