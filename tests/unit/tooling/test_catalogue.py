# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue shows every control, with what it judges."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker import DOCKER_CONTROLS
from tests.tooling.generate import catalogue


def test_every_control_has_its_entry_and_its_row() -> None:
    page = catalogue.text()
    for control in DOCKER_CONTROLS:
        assert f"### {control.id}\n" in page
        assert f"| `{control.id}` | {control.severity} |" in page
        assert control.remediation in page
        assert (control.manual or control.actual) in page
