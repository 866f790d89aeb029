# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of k8s_audit, in the order of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server import (
    API_SERVER_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server_admission import (
    ADMISSION_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server_requests import (
    REQUEST_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_certificates import (
    CERTIFICATE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_cluster import CLUSTER_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_controller_manager import (
    CONTROLLER_MANAGER_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_etcd import ETCD_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_images import (
    IMAGE_CONTROLS,
    trusted_source,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_kubelet import KUBELET_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_namespaces import (
    NAMESPACE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_network_policy import (
    NETWORK_POLICY_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_pod_security import (
    POD_SECURITY_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_rbac import RBAC_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_scheduler import (
    SCHEDULER_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_secrets import SECRET_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_workloads import (
    WORKLOAD_CONTROLS,
)

K8S_SCOPES = (
    "cluster",
    "api_server",
    "controller_manager",
    "scheduler",
    "etcd",
    "kubelet",
    "file",
    "namespace",
    "workload",
    "role",
    "binding",
    "access",
    "service_account",
    "secret",
    "certificate",
    "network_policy",
    "image",
)

K8S_CONTROLS: tuple[Control, ...] = (
    *CLUSTER_CONTROLS,
    *API_SERVER_CONTROLS,
    *ADMISSION_CONTROLS,
    *REQUEST_CONTROLS,
    *CONTROLLER_MANAGER_CONTROLS,
    *SCHEDULER_CONTROLS,
    *ETCD_CONTROLS,
    *KUBELET_CONTROLS,
    *NAMESPACE_CONTROLS,
    *WORKLOAD_CONTROLS,
    *POD_SECURITY_CONTROLS,
    *NETWORK_POLICY_CONTROLS,
    *RBAC_CONTROLS,
    *SECRET_CONTROLS,
    *CERTIFICATE_CONTROLS,
    *IMAGE_CONTROLS,
)


def as_configured(controls: Iterable[Control], *, allowed_registries: Sequence[str]) -> list[Control]:
    """The controls, with a manual one wherever nobody has given the means to judge. Raises ControlError."""
    trusted = trusted_source(allowed_registries)
    return [trusted if control.id == trusted.id else control for control in controls]
