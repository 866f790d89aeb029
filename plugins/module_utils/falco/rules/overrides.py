# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an item changes of an earlier one of its name: the key `override`."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Node
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean


def overrides(
    entries: dict[str, Node], appendable: Sequence[str], replaceable: Sequence[str]
) -> tuple[set[str], set[str]]:
    """The keys that are appended and those that are replaced. RulesError for one that cannot be."""
    node = entries.get("override")
    appended: set[str] = set()
    replaced: set[str] = set()
    if node is None or node.is_null:
        return appended, replaced
    if not node.is_mapping:
        raise node.error("'override' is a mapping, such as {condition: append}")
    for key, operation in node.entries().items():
        _check(key, operation, appendable, replaceable)
        (appended if operation.text == "append" else replaced).add(key)
    return appended, replaced


def _check(key: str, operation: Node, appendable: Sequence[str], replaceable: Sequence[str]) -> None:
    if not operation.is_scalar or operation.text not in ("append", "replace"):
        raise operation.error(f"'{key}' under 'override' is either append or replace")
    if operation.text == "append" and key not in appendable:
        hint = "use 'replace'" if key in replaceable else did_you_mean(key, appendable)
        raise operation.error(f"'{key}' cannot be appended to", hint)
    if operation.text == "replace" and key not in replaceable:
        raise operation.error(f"'{key}' cannot be replaced", did_you_mean(key, replaceable))
