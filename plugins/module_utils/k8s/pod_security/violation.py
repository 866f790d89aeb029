# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Pod Security Standard holds against a pod."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing in a pod that a control does not allow.

    `field`: its path, as in spec.containers[0].securityContext.privileged. `container`: its name, "" for the pod.
    `value`: what stands there, None where the fault is that nothing does.
    """

    field: str
    container: str = ""
    value: Any = None


@dataclass(frozen=True)
class Violation:
    """A control that a pod does not satisfy.

    `level` is the control's own: a pod at level restricted also answers for the controls of baseline.
    """

    control: str
    level: str
    message: str
    containers: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def violation(control: str, level: str, wanted: str, faults: Sequence[Fault]) -> Violation:
    """One violation of all the faults that a control found. `wanted`: what the control asks for, as a clause."""
    containers = tuple(dict.fromkeys(fault.container for fault in faults if fault.container))
    fields = tuple(dict.fromkeys(fault.field for fault in faults))
    values = sorted({_shown(fault.value) for fault in faults if fault.value not in (None, "")})
    who = [f"container{'s' if len(containers) > 1 else ''} {_quoted(containers)}"] if containers else []
    if any(not fault.container for fault in faults):
        who.insert(0, "pod")
    found = f", not {', '.join(values)}" if values else ""
    return Violation(control, level, f"{' and '.join(who)}: {wanted}{found}", containers, fields)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _shown(value: Any) -> str:
    """A value as a manifest writes it, cut short: it may be anything."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
