# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of the scheduler, by its flags. The facts are those of k8s/components/options.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

SCHEDULER_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.scheduler.profiling",
        title="Scheduler tells nothing about its insides",
        scope="scheduler",
        severity="low",
        actual="profiling",
        expected={"equals": False},
        remediation="Set --profiling=false, or enableProfiling: false in its configuration file.",
        references=cis_k8s("1.4.1", "1.4.1"),
    ),
    Control(
        id="k8s.scheduler.bind_address",
        title="Scheduler listens on its own host alone",
        scope="scheduler",
        severity="medium",
        actual="bind_address",
        expected={"in": ["127.0.0.1", "::1", "localhost"]},
        remediation="Set --bind-address=127.0.0.1.",
        references=cis_k8s("1.4.2", "1.4.2"),
    ),
)
