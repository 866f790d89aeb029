# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run docker_audit in this process, and look at what it found of one subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.audit import audit

Failures = Mapping[str, set[str]]


def run_audit(docker_host: str, **options: Any) -> dict[str, Any]:
    """What the module returns for these options."""
    return audit({"docker_host": docker_host, "timeout": 30.0, "target": "lab", **options})


def failures(result: Mapping[str, Any], kind: str, *statuses: str) -> Failures:
    """Ids of the controls that failed (or have one of these statuses), by the subject's name."""
    found: dict[str, set[str]] = defaultdict(set)
    for finding in result["findings"]:
        if finding["subject"]["kind"] == kind and finding["status"] in (statuses or ("fail",)):
            found[finding["subject"]["name"]].add(finding["control"])
    return found


def one(result: Mapping[str, Any], control: str, name: str | None = None) -> dict[str, Any]:
    """The finding of a control (about a subject, where a name is given); there must be exactly one."""
    found = [
        finding
        for finding in result["findings"]
        if finding["control"] == control and name in (None, finding["subject"]["name"])
    ]
    assert len(found) == 1, found
    return dict(found[0])
