# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user declares: a level for each namespace, and what is exempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.standards import LEVELS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.version import label_version

_PREFIX = "pod-security.kubernetes.io"
_MODES = ("enforce", "audit", "warn")
_KEYS = frozenset({"level", "audit", "warn", "version"})


@dataclass(frozen=True)
class Level:
    """Of one namespace: the level that is enforced, those that are audited and warned of, and the version of all."""

    enforce: str
    audit: str
    warn: str
    version: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the namespace."""
        levels = {"enforce": self.enforce, "audit": self.audit, "warn": self.warn}
        versions = {f"{_PREFIX}/{mode}-version": self.version for mode in _MODES}
        return {**{f"{_PREFIX}/{mode}": level for mode, level in levels.items()}, **versions}


@dataclass(frozen=True)
class Declared:
    """The whole declaration, checked. namespaces: {name: Level}. default: for the others, None for no level."""

    namespaces: Mapping[str, Level]
    default: Level | None = None
    exempt_namespaces: Sequence[str] = ()
    exempt_subjects: Sequence[Mapping[str, Any]] = ()
    psp_additions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prefix: str = "bulkhead"

    def levels(self, existing: Iterable[str]) -> dict[str, Level]:
        """{namespace: Level}: of those that are declared, and with a default of all others that exist."""
        every = {} if self.default is None else dict.fromkeys(existing, self.default)
        levels: dict[str, Level] = {**every, **self.namespaces}
        return {name: level for name, level in sorted(levels.items()) if name not in self.exempt_namespaces}


def declared(params: Mapping[str, Any]) -> Declared:
    """From the options of the module. Raises K8sError for what cannot be meant."""
    version = str(params.get("version") or "latest")
    levels = {
        str(name): _level(f"namespaces: {name}", given, version)
        for name, given in (params.get("namespaces") or {}).items()
    }
    both = sorted(set(levels) & set(params.get("exempt_namespaces") or ()))
    if both:
        raise K8sError(f"exempt_namespaces: {', '.join(both)} cannot have a level and be exempt, too")
    default = params.get("default_level")
    return Declared(
        levels,
        _level("default_level", default, version) if default else None,
        list(params.get("exempt_namespaces") or ()),
        list(params.get("exempt_subjects") or ()),
        _additions(params.get("psp_additions") or {}),
        str(params.get("prefix") or "bulkhead"),
    )


def _level(where: str, given: Any, version: str) -> Level:
    """From a level, or from {level, audit, warn, version}."""
    row = given if isinstance(given, Mapping) else {"level": given}
    unknown = sorted(str(key) for key in set(row) - _KEYS)
    if unknown or "level" not in row:
        raise K8sError(f"{where}: give a level, or a dictionary of level, audit, warn and version; not {given!r}")
    if not isinstance(row.get("version") or version, str):
        raise K8sError(f"{where}: quote the version, for {row['version']} without quotes is a number")
    enforce = _known(where, row["level"])
    modes = [_known(where, row.get(mode) or enforce) for mode in ("audit", "warn")]
    return Level(enforce, modes[0], modes[1], label_version(str(row.get("version") or version)))


def _known(where: str, level: Any) -> str:
    if level not in LEVELS:
        raise K8sError(f"{where}: {level!r} is no level; use one of {', '.join(LEVELS)}")
    return str(level)


def _additions(given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    for level, additions in given.items():
        _known("psp_additions", level)
        if not isinstance(additions, Mapping) or set(additions) - {"spec", "annotations"}:
            raise K8sError(f"psp_additions: {level}: give a dictionary of spec and annotations")
    return dict(given)
