# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of workloads beside the Pod Security Standards: secrets in their environment, tokens, limits.

The facts are those of k8s/collect/pod_spec.py and k8s/collect/workloads.py.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

WORKLOAD_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.workload.plain_secret",
        title="No environment variable holds a secret in plain text",
        scope="workload",
        severity="high",
        actual="plain_secrets",
        expected={"empty": True},
        remediation="Change the secret, for whoever reads workloads has it. Keep it in a Secret, mounted as a file.",
    ),
    Control(
        id="k8s.workload.secret_env",
        title="Secrets reach containers as files, not as environment variables",
        scope="workload",
        severity="low",
        actual="secret_env",
        expected={"empty": True},
        remediation="Mount the Secret as a volume. Variables end up in logs, crash dumps and child processes.",
        references=cis_k8s("5.4.1", "5.4.1"),
    ),
    Control(
        id="k8s.workload.default_service_account",
        title="Workload has a ServiceAccount of its own where it mounts a token",
        scope="workload",
        severity="medium",
        actual="service_account",
        expected={"not_equals": "default"},
        when="token_mounted",
        remediation="Give it a ServiceAccount of its own, or set automountServiceAccountToken: false.",
        rationale="What is granted to the default ServiceAccount is granted to everything in the namespace.",
        references=cis_k8s("5.1.5", "5.1.5"),
    ),
    Control(
        id="k8s.workload.token_mounted",
        title="Only workloads that need the API mount a token",
        scope="workload",
        severity="low",
        actual="token_mounted",
        expected={"equals": False},
        when="!(subject.namespace == 'kube-system')",
        evidence="{service_account: service_account}",
        remediation=(
            "Set automountServiceAccountToken: false, or override this control for the workloads that do use the API."
        ),
        references=cis_k8s("5.1.6", "5.1.6"),
    ),
    Control(
        id="k8s.workload.memory_limit",
        title="Every container has a memory limit",
        scope="workload",
        severity="medium",
        actual="no_memory_limit",
        expected={"empty": True},
        when="!control_plane",
        remediation="Set resources.limits.memory, or a LimitRange that does.",
        rationale="Without one, one container can take a node's memory from all others.",
    ),
    Control(
        id="k8s.workload.cpu_limit",
        title="Every container has a CPU limit",
        scope="workload",
        severity="info",
        actual="no_cpu_limit",
        expected={"empty": True},
        when="!control_plane",
        remediation="Set resources.limits.cpu where others must not be slowed down.",
    ),
)
