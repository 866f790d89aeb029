# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An alert: what Falco, falcosidekick or the audit log of an API server reports, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
"""Falco's priorities, the worst first."""


@dataclass(frozen=True)
class Target:
    """Whom the alert is about. Empty where the alert does not say.

    A pod is only acted upon when `namespace` and `pod` name it and its uid or one of its container ids (an id of an
    alert may be the first twelve digits) is that of the alert.
    """

    namespace: str = ""
    pod: str = ""
    pod_uid: str = ""
    container_id: str = ""
    container: str = ""
    image: str = ""
    node: str = ""


@dataclass(frozen=True)
class Alert:
    """One alert. `id` is the same for the same alert, however often it is delivered; `time` is as it was given."""

    id: str
    rule: str
    priority: str
    source: str = "syscall"
    tags: frozenset[str] = frozenset()
    time: str = ""
    hostname: str = ""
    output: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    target: Target = field(default_factory=Target)
