# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a seccomp profile keeps anything from a container: a file is no filter for being there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Actions that let a system call through, with or without a note of it.
_PERMISSIVE = frozenset({"SCMP_ACT_ALLOW", "SCMP_ACT_LOG"})


class ProfileError(Exception):
    """A profile that cannot be read; the message says why."""


def filters(text: str) -> bool:
    """Whether the profile, as JSON text, refuses any system call at all. Raises ProfileError for what is none."""
    try:
        profile = json.loads(text)
    except ValueError as exc:
        raise ProfileError(f"it is not JSON: {exc}") from exc
    if not isinstance(profile, dict) or "defaultAction" not in profile:
        raise ProfileError("it has no defaultAction")
    if profile["defaultAction"] not in _PERMISSIVE:
        return True
    return any(_refuses(rule) for rule in profile.get("syscalls") or ())


def _refuses(rule: Any) -> bool:
    named = isinstance(rule, Mapping) and bool(rule.get("names") or rule.get("name"))
    return named and rule.get("action") not in _PERMISSIVE
