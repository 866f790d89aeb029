# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the parts of a set one after another; one that fails is recorded with its reason, and the rest goes on."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import (
    LittleSpace,
    PartSkipped,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

# A part's name, and what takes it: the note that it returns says what is missing, empty where nothing is.
Part = tuple[str, Callable[[], str]]
_TROUBLE = (LittleSpace, DockerError, K8sError, OSError, ValueError, KeyError, TypeError, http.client.HTTPException)


def take_parts(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """{name, status, reason, seconds} of each; status is taken, partial, skipped or error.

    Raises ForensicsError where the evidence cannot be stored: that concerns the whole set.
    """
    return [_take(name, take) for name, take in parts]


def _take(name: str, take: Callable[[], str]) -> dict[str, Any]:
    began = time.monotonic()
    try:
        note = take()
        status = "partial" if note else "taken"
    except PartSkipped as exc:
        status, note = "skipped", str(exc)
    except _TROUBLE as exc:
        status, note = "error", str(exc) or type(exc).__name__
    return {"name": name, "status": status, "reason": note, "seconds": round(time.monotonic() - began, 3)}
