# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of k8s_audit, in the order of a report."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control

K8S_SCOPES = (
    "cluster",
    "api_server",
    "controller_manager",
    "scheduler",
    "etcd",
    "kubelet",
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

K8S_CONTROLS: tuple[Control, ...] = ()
