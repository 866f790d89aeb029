# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of namespaces: boundaries, quotas. The facts are those of k8s/collect/namespaces.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

NAMESPACE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.namespace.default_unused",
        title="Nothing runs in the namespace default",
        scope="namespace",
        severity="low",
        actual="workloads",
        expected={"equals": 0},
        when="subject.name == 'default'",
        not_applicable="The namespace default is not audited.",
        remediation="Give each application a namespace of its own, with its own roles, policies and quotas.",
        references=cis_k8s("5.6.4", "5.7.4"),
    ),
    Control(
        id="k8s.namespace.quota",
        title="Namespace in which something runs has a quota",
        scope="namespace",
        severity="low",
        actual="quotas",
        expected={"at_least": 1},
        when="!system && workloads > `0`",
        evidence="{workloads: workloads}",
        remediation="Add a ResourceQuota, so that one tenant cannot use the whole cluster up.",
    ),
    Control(
        id="k8s.namespace.boundaries",
        title="Namespaces separate what different people answer for",
        scope="cluster",
        severity="low",
        manual="Who answers for what, the cluster does not know. Look through the namespaces and their owners.",
        remediation="Give every team or application its own namespaces (role k8s_rbac).",
        references=cis_k8s("5.6.1", "5.7.1"),
    ),
)
