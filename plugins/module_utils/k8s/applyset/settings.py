# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a set is to be applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Nobody may delete these; the cluster itself lives in them.
CLUSTERS_OWN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
PROTECTED = ("kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True)
class Settings:
    """The options of the module, under the same names."""

    field_manager: str = "bulkhead"
    force_conflicts: bool = False
    continue_on_error: bool = False
    prune: bool = True
    protected_namespaces: frozenset[str] = frozenset(PROTECTED)
    wait: bool = False
    wait_timeout: float = 120.0
    # By kind, the status of each condition that is waited for: {"Certificate": {"Ready": "True"}}
    wait_conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delete_contents: bool = False
