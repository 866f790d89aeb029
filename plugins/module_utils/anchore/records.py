# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of records in an engine's answers, typed before anything is read from them."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError


def records(value: Any, path: str, *names: str) -> list[dict[str, Any]]:
    """The records of the answer to `path`, each with the texts `names`. Raises AnchoreError for anything else."""
    if not isinstance(value, list):
        raise AnchoreError("invalid_answer", f"{path}: the engine's answer is no list")
    for row in value:
        if not isinstance(row, dict):
            raise AnchoreError("invalid_answer", f"{path}: the engine's answer holds what is no record")
        missing = next((name for name in names if not isinstance(row.get(name), str)), None)
        if missing is not None:
            raise AnchoreError("invalid_answer", f"{path}: a record of the engine has no {missing}")
    return value
