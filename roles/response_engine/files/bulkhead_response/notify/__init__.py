# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications by name: each tells somebody of an alert and of what was done."""

from __future__ import annotations

from bulkhead_response.step_table import StepTable

_HERE = "bulkhead_response.notify"
NOTIFICATIONS = StepTable(
    {
        "alertmanager": f"{_HERE}.alertmanager:Alertmanager",
        "awx_job": f"{_HERE}.awx_job:AwxJob",
        "email": f"{_HERE}.email:Email",
        "k8s_event": f"{_HERE}.k8s_event:K8sEvent",
        "phantom": f"{_HERE}.phantom:Phantom",
        "slack": f"{_HERE}.slack:Slack",
        "webhook": f"{_HERE}.webhook:Webhook",
    }
)
