# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fields of an object differ from what is declared, what they are, and who set them so and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import shortened
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.field_changes import (
    ABSENT,
    field_changes,
    path_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.managed_fields import (
    Path,
    last_manager,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.redact import redacted_value


def drift_fields(kind: str, live: Mapping[str, Any], result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{path, before, after, manager, operation, time}]: values are null where the field is not there."""
    return [
        {
            "path": path_text(change.path),
            "before": _shown(kind, change.path, change.before),
            "after": _shown(kind, change.path, change.after),
            **({"manager": "", "operation": "", "time": ""} | last_manager(live, change.path)),
        }
        for change in field_changes(live, result)
    ]


def _shown(kind: str, path: Path, value: Any) -> Any:
    return None if value is ABSENT else shortened(redacted_value(kind, path, value))
