# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of the controller manager, by its flags. The facts are those of k8s/components/options.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

CONTROLLER_MANAGER_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.controller_manager.pod_gc",
        title="Pods that have ended are cleared away before they are many",
        scope="controller_manager",
        severity="info",
        actual="terminated_pod_gc_threshold",
        expected={"at_least": 1},
        remediation="Set --terminated-pod-gc-threshold to what fits the cluster; 12500 is the default.",
        references=cis_k8s("1.3.1", "1.3.1"),
    ),
    Control(
        id="k8s.controller_manager.profiling",
        title="Controller manager tells nothing about its insides",
        scope="controller_manager",
        severity="low",
        actual="profiling",
        expected={"equals": False},
        remediation="Set --profiling=false.",
        references=cis_k8s("1.3.2", "1.3.2"),
    ),
    Control(
        id="k8s.controller_manager.own_credentials",
        title="Each controller has rights of its own",
        scope="controller_manager",
        severity="medium",
        actual="use_service_account_credentials",
        expected={"equals": True},
        remediation="Set --use-service-account-credentials=true.",
        references=cis_k8s("1.3.3", "1.3.3"),
    ),
    Control(
        id="k8s.controller_manager.service_account_key",
        title="Tokens are signed with a key of their own",
        scope="controller_manager",
        severity="medium",
        actual="service_account_private_key_file",
        expected={"present": True},
        remediation="Set --service-account-private-key-file.",
        references=cis_k8s("1.3.4", "1.3.4"),
    ),
    Control(
        id="k8s.controller_manager.root_authority",
        title="Pods get the authority to check the API server with",
        scope="controller_manager",
        severity="medium",
        actual="root_ca_file",
        expected={"present": True},
        remediation="Set --root-ca-file.",
        references=cis_k8s("1.3.5", "1.3.5"),
    ),
    Control(
        id="k8s.controller_manager.rotate_kubelet_server",
        title="Serving certificates of kubelets are renewed",
        scope="controller_manager",
        severity="medium",
        actual="feature_gates.RotateKubeletServerCertificate",
        expected={"not_equals": False},
        remediation="Remove RotateKubeletServerCertificate=false from --feature-gates.",
        references=cis_k8s("1.3.6", "1.3.6"),
    ),
    Control(
        id="k8s.controller_manager.bind_address",
        title="Controller manager listens on its own host alone",
        scope="controller_manager",
        severity="medium",
        actual="bind_address",
        expected={"in": ["127.0.0.1", "::1", "localhost"]},
        remediation="Set --bind-address=127.0.0.1.",
        references=cis_k8s("1.3.7", "1.3.7"),
    ),
)
