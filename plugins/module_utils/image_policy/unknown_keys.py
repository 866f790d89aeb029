# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a bundle that nothing reads: mostly a slip of the pen that would pass in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.problem import (
    Problem,
    suggestion,
)

_LABEL = {"id": None, "name": None, "comment": None, "version": None}
_SELECTION = {
    "id": None,
    "name": None,
    "registry": None,
    "repository": None,
    "image": {"type": None, "value": None},
}
# Key → what stands below it: None for a value, else the keys of the object, or of each object of the list.
_BUNDLE: Mapping[str, Any] = {
    **_LABEL,
    "policies": {
        **_LABEL,
        "rules": {
            "id": None,
            "gate": None,
            "trigger": None,
            "action": None,
            "params": {"name": None, "value": None},
        },
    },
    "whitelists": {**_LABEL, "items": {"id": None, "gate": None, "trigger_id": None, "expires_on": None}},
    "mappings": {**_SELECTION, "policy_id": None, "policy_ids": None, "whitelist_ids": None},
    "whitelisted_images": _SELECTION,
    "blacklisted_images": _SELECTION,
}


def unknown_keys(value: object) -> list[Problem]:
    """A warning for each key that a bundle does not have."""
    return list(_unknown(value, _BUNDLE, ""))


def _unknown(value: object, known: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, known, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, below in value.items():
            at = f"{path}.{key}" if path else str(key)
            if key not in known:
                yield Problem(at, f"is passed over{suggestion(str(key), known)}", level="warning")
            elif known[key] is not None:
                yield from _unknown(below, known[key], at)
