# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of streams and consumers as options of a module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_fields import Field

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "str"},
    "size": {"type": "str"},
    "duration": {"type": "str"},
    "durations": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
    "number": {"type": "int"},
    "switch": {"type": "bool"},
}


def field_options(fields: Sequence[Field]) -> dict[str, dict[str, Any]]:
    """The argument spec of one stream or consumer. No field has a default: what is not given stays as it is."""
    options: dict[str, dict[str, Any]] = {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    for field in fields:
        options[field.name] = {**_TYPES[field.kind], **({"choices": list(field.choices)} if field.choices else {})}
    return options
