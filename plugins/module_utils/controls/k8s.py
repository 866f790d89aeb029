# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of k8s_audit, in the order of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server import (
    API_SERVER_CONTROLS,
    ENCRYPTION_PROVIDERS,
    ENCRYPTION_PROVIDERS_MANUAL,
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
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_files import (
    CONTROL_PLANE_FILE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_images import (
    IMAGE_CONTROLS,
    TRUSTED_SOURCE,
    trusted_source,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_kubelet import KUBELET_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_namespaces import (
    NAMESPACE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_network_policy import (
    NETWORK_POLICY_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_node_files import (
    NODE_FILE_CONTROLS,
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
    ENCRYPTION_PROVIDERS,
    *ADMISSION_CONTROLS,
    *REQUEST_CONTROLS,
    *CONTROLLER_MANAGER_CONTROLS,
    *SCHEDULER_CONTROLS,
    *ETCD_CONTROLS,
    *KUBELET_CONTROLS,
    *CONTROL_PLANE_FILE_CONTROLS,
    *NODE_FILE_CONTROLS,
    *NAMESPACE_CONTROLS,
    *WORKLOAD_CONTROLS,
    *POD_SECURITY_CONTROLS,
    *NETWORK_POLICY_CONTROLS,
    *RBAC_CONTROLS,
    *SECRET_CONTROLS,
    *CERTIFICATE_CONTROLS,
    *IMAGE_CONTROLS,
)


_UNUSED_GRANTS = "k8s.rbac.unused_grants"
_NO_LOG = "Which grants are used, only a log of the API server's audit tells: hand it over with audit_log."


def as_configured(
    controls: Iterable[Control], *, allowed_registries: Sequence[str], control_plane: bool, audit_log: bool
) -> list[Control]:
    """The controls, with a manual one wherever nobody has given the means to judge. Raises ControlError."""
    chosen = {TRUSTED_SOURCE.id: trusted_source(allowed_registries)}
    if not control_plane:
        chosen[ENCRYPTION_PROVIDERS.id] = ENCRYPTION_PROVIDERS_MANUAL
    return [
        _judged_by_hand(control) if control.id == _UNUSED_GRANTS and not audit_log else chosen.get(control.id, control)
        for control in controls
    ]


def _judged_by_hand(control: Control) -> Control:
    return replace(control, actual="", expected=None, when="", evidence="", manual=_NO_LOG)
