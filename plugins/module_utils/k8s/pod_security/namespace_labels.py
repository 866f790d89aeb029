# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which levels the labels of a namespace ask for, read as the API server reads them.

A label that cannot be read counts as restricted and latest where it is enforced, and as privileged where it is audited
or warned of. Warning follows the enforced level unless a label says otherwise and as long as it is the stricter one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import (
    LEVELS,
    PRIVILEGED,
    RESTRICTED,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import LATEST

PREFIX = "pod-security.kubernetes.io/"
MODES = ("enforce", "audit", "warn")
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)\Z")


@dataclass(frozen=True)
class LevelVersion:
    """A level, judged as of a version."""

    level: str = PRIVILEGED
    version: str = LATEST


@dataclass(frozen=True)
class NamespacePolicy:
    """What is enforced, audited and warned of in a namespace, and what is wrong with its labels."""

    enforce: LevelVersion = field(default_factory=LevelVersion)
    audit: LevelVersion = field(default_factory=LevelVersion)
    warn: LevelVersion = field(default_factory=LevelVersion)
    faults: tuple[str, ...] = ()


def policy_of(labels: Mapping[str, Any] | None, defaults: NamespacePolicy | None = None) -> NamespacePolicy:
    """The policy of a namespace with these labels. defaults: those of the admission plugin's configuration."""
    found, faults = labels or {}, []
    modes: dict[str, LevelVersion] = {}
    for mode in MODES:
        modes[mode], wrong = _of_mode(mode, found, getattr(defaults or NamespacePolicy(), mode))
        faults += wrong
    policy = NamespacePolicy(**modes, faults=tuple(faults))
    return policy if f"{PREFIX}warn" in found else _warned_as_enforced(policy, found)


def _of_mode(mode: str, labels: Mapping[str, Any], default: LevelVersion) -> tuple[LevelVersion, list[str]]:
    level = labels.get(f"{PREFIX}{mode}", default.level)
    version = labels.get(f"{PREFIX}{mode}-version", default.version)
    faults = []
    if level not in LEVELS:
        faults.append(f"{PREFIX}{mode}: {level!r} is none of {', '.join(LEVELS)}")
        level = RESTRICTED if mode == "enforce" else PRIVILEGED
    if version != LATEST and not _VERSION.match(str(version)):
        faults.append(f"{PREFIX}{mode}-version: {version!r} is neither latest nor of the form v1.27")
        version = LATEST
    return LevelVersion(str(level), str(version)), faults


def _warned_as_enforced(policy: NamespacePolicy, labels: Mapping[str, Any]) -> NamespacePolicy:
    enforced = labels.get(f"{PREFIX}enforce")
    if enforced not in LEVELS or LEVELS.index(enforced) <= LEVELS.index(policy.warn.level):
        return policy
    version = policy.warn.version if f"{PREFIX}warn-version" in labels else policy.enforce.version
    return replace(policy, warn=LevelVersion(policy.enforce.level, version))
