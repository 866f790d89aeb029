# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is enforced on a daemon's files is what the audit's tables say of them: one list, read by both.

The rows are controls/docker_files.py and controls/docker_host.py. Here they become owners, modes and watches.
"""

from __future__ import annotations

import grp
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_files import FILE_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_host import HOST_CONTROLS

_WATCHED = "audit_paths."


def expectation_of(facts: Mapping[str, Any]) -> dict[str, str]:
    """{owner?, group?, mode_at_most?} for the facts of one file (collect_files); empty where nothing is expected of it.

    An owner is named only where the present one is none of those that the audit accepts.
    """
    found: dict[str, str] = {}
    for control in _rows(str(facts["role"])):
        expected = control.expected or {}
        if "mode_within" in expected:
            found["mode_at_most"] = expected["mode_within"]
        elif not facts.get("rootless"):
            found.update(_owner(expected, facts))
    return found


def watched_roles() -> set[str]:
    """The roles of paths that the audit system should watch."""
    return {row.when[len(_WATCHED) :] for row in HOST_CONTROLS if row.when.startswith(_WATCHED)}


def _rows(role: str) -> Iterator[Control]:
    is_binary = role.endswith("_binary") or role.startswith("containerd_shim")
    for control in FILE_CONTROLS:
        _docker, _file, subject, *aspect = control.id.split(".")
        if aspect and (subject == role or (subject == "binary" and is_binary)):
            yield control


def _owner(expected: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
    if "in" in expected and facts.get("ownership") not in expected["in"]:
        user, _colon, group = next(pair for pair in expected["in"] if _group_exists(pair.partition(":")[2])).partition(
            ":"
        )
        return {"owner": user, "group": group}
    if expected.get("equals") == 0 and facts.get("uid") != 0:
        return {"owner": "root"}
    return {}


def _group_exists(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
