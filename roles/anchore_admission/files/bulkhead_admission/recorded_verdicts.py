# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts that somebody else has recorded, such as a pipeline that scans what it builds: one JSON file."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    ACTIONS,
    Evaluation,
    Reason,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

_REASON = ("gate", "trigger", "trigger_id", "message", "action", "allowlisted")


class RecordedVerdicts:
    """A scanner that looks things up. The file is `{"verdicts": [{"digest", "policy_id", "action", "reasons"}]}`.

    It is read again when it changes. A verdict without a policy_id holds for each policy.
    """

    name = "verdicts"

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._verdicts: Mapping[tuple[str, str], Evaluation] = {}

    def evaluate(
        self, reference: str, digest: str, policy_id: str = "", *, deadline: float | None = None
    ) -> Evaluation:
        """As Scanner says."""
        known = self._current()
        found = known.get((digest, policy_id)) or known.get((digest, ""))
        if found is None:
            raise ScannerError("unknown_image", f"{reference}: nobody has recorded a verdict on {digest}")
        return found

    def _current(self) -> Mapping[tuple[str, str], Evaluation]:
        with self._lock:
            try:
                status = self._file.stat()
                stamp = (status.st_mtime_ns, status.st_size)
                if stamp != self._stamp:
                    self._verdicts = _read(json.loads(self._file.read_bytes()))
                    self._stamp = stamp
            except OSError as error:
                raise ScannerError("unreachable", f"the verdicts cannot be read: {error.strerror}") from error
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise ScannerError("invalid_answer", "the file of verdicts is not what it should be") from error
            return self._verdicts


def _read(content: Any) -> dict[tuple[str, str], Evaluation]:
    return {(found.digest, found.policy_id): found for found in map(_evaluation, content["verdicts"])}


def _evaluation(row: Mapping[str, Any]) -> Evaluation:
    if row["action"] not in ACTIONS:
        raise ValueError(row["action"])
    reasons = tuple(Reason(**{key: str(each.get(key, "")) for key in _REASON}) for each in row.get("reasons") or ())
    texts = {key: str(row.get(key) or "") for key in ("reference", "digest", "policy_id", "evaluated_at", "why")}
    return Evaluation(action=row["action"], reasons=reasons, **texts)
