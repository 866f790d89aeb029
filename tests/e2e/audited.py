# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit a lab's daemon as docker_audit does, and ask for single verdicts."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.audit import audit
from tests.lab.dockerd import Dockerd


class Audited:
    """The findings of one audit, passes included."""

    def __init__(self, daemon: Dockerd | str, **params: Any) -> None:
        docker_host = daemon if isinstance(daemon, str) else daemon.docker_host
        options = {"docker_host": docker_host, "timeout": 30, "include_passes": True, "include_snapshot": True}
        self.result = audit({**options, **params})
        self.findings: list[dict[str, Any]] = self.result["findings"]
        self.snapshot: dict[str, Any] = self.result["snapshot"]

    def of(self, control: str, name: str | None = None) -> dict[str, Any]:
        """The one finding of a control, of the subject of that name where several have one."""
        found = [
            finding
            for finding in self.findings
            if finding["control"] == control and name in (None, finding["subject"]["name"])
        ]
        assert len(found) == 1, f"{len(found)} findings of {control}: {found}"
        return found[0]

    def status(self, control: str, name: str | None = None) -> str:
        """The status of that finding."""
        return str(self.of(control, name)["status"])

    def facts(self, scope: str) -> dict[str, Any]:
        """The one subject of a scope."""
        [subject] = self.snapshot["subjects"][scope]
        return dict(subject)
