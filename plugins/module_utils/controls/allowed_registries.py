# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option `allowed_registries` as an expression: which sources of an image it does not name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError

_REGISTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?::\d+)?(?:/[a-z0-9._-]+)*/?\Z")


def untrusted_sources(allowed: Sequence[str]) -> str:
    """JMESPath to those of `sources` (registry/repository) that are none of these registries or prefixes.

    Raises ControlError for what is neither.
    """
    for name in allowed:
        if not _REGISTRY.match(name):
            raise ControlError(
                f"allowed_registries: {name!r} is no registry: write host[:port] or host[:port]/repository"
            )
    names = [name.rstrip("/") for name in allowed]
    tests = " || ".join(f"@ == '{name}' || starts_with(@, '{name}/')" for name in names)
    return f"sources[?!({tests})]"
