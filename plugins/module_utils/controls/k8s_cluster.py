# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of a cluster as a whole: most of them no machine can judge alone. Facts: k8s/collect/cluster.py."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

CLUSTER_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.cluster.kube_proxy_metrics",
        title="Metrics of kube-proxy are served to its own host alone",
        scope="cluster",
        severity="low",
        actual="kube_proxy_metrics",
        expected={"matches": r"^(127\.|localhost\b|\[?::1\b)"},
        when="kube_proxy",
        not_applicable="There is no ConfigMap kube-proxy in kube-system.",
        remediation="Set metricsBindAddress: 127.0.0.1:10249 in the ConfigMap kube-proxy, and restart its Pods.",
        references=cis_k8s("4.3.1"),
    ),
    Control(
        id="k8s.cluster.user_certificates",
        title="People do not use client certificates",
        scope="cluster",
        severity="medium",
        manual=(
            "Whether the owner of a certificate is a person, the cluster does not know. Look through the "
            "subjects of bindings."
        ),
        remediation="Let people log in through OIDC: a certificate cannot be revoked before it ends.",
        references=cis_k8s("3.1.1", "3.1.1"),
    ),
    Control(
        id="k8s.cluster.user_tokens",
        title="People do not use tokens of ServiceAccounts",
        scope="cluster",
        severity="medium",
        manual="Who holds a token, the cluster does not know. The audit log shows from where each is used.",
        remediation="Let people log in through OIDC.",
        references=cis_k8s("3.1.2", None),
    ),
    Control(
        id="k8s.cluster.bootstrap_tokens",
        title="Bootstrap tokens are for nodes that join, and end soon",
        scope="cluster",
        severity="medium",
        manual="What a bootstrap token is used for, the cluster does not know.",
        remediation="Delete bootstrap tokens that are not needed any more (kubeadm token list).",
        references=cis_k8s("3.1.3", None),
    ),
    Control(
        id="k8s.cluster.audit_coverage",
        title="The audit policy records what matters",
        scope="cluster",
        severity="medium",
        manual="The policy is a file on the control plane that the API does not show. Read it there.",
        remediation=(
            "Record changes of Secrets, ConfigMaps, roles and bindings, exec into Pods and the use of tokens "
            "(role k8s_apiserver)."
        ),
        references=cis_k8s("3.2.2", "3.2.2"),
    ),
)
