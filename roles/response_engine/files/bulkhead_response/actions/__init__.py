# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions by name: each changes something in a cluster or on a Docker host, once."""

from __future__ import annotations

from bulkhead_response.step_table import StepTable

_HERE = "bulkhead_response.actions"
ACTIONS = StepTable(
    {
        "capture_evidence": f"{_HERE}.capture_evidence:CaptureEvidence",
        "cordon_node": f"{_HERE}.cordon_node:CordonNode",
        "delete_pod": f"{_HERE}.delete_pod:DeletePod",
        "disable_service_account": f"{_HERE}.disable_service_account:DisableServiceAccount",
        "disconnect_container": f"{_HERE}.disconnect_container:DisconnectContainer",
        "isolate_pod": f"{_HERE}.isolate_pod:IsolatePod",
        "kill_container": f"{_HERE}.kill_container:KillContainer",
        "label_pod": f"{_HERE}.label_pod:LabelPod",
        "pause_container": f"{_HERE}.pause_container:PauseContainer",
        "run_command": f"{_HERE}.run_command:RunCommand",
        "scale_to_zero": f"{_HERE}.scale_to_zero:ScaleToZero",
        "stop_container": f"{_HERE}.stop_container:StopContainer",
        "taint_node": f"{_HERE}.taint_node:TaintNode",
    }
)
