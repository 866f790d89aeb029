# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of network policies: of namespaces and workloads that they should isolate, and of the policies themselves.

The facts are those of k8s/network_policy/coverage.py.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

# Namespaces of the cluster itself in which nothing runs, such as kube-public, need no policy.
_NEEDS_POLICY = "network_pods > `0` || !(subject.name == 'kube-public' || subject.name == 'kube-node-lease')"
_HAS_POLICIES = "network_applies && network_namespace_policies > `0`"

_NAMESPACE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.network.enforced",
        title="The network plugin enforces network policies",
        scope="namespace",
        severity="high",
        manual="The API server stores every policy; whether anything enforces it, only the network plugin knows."
        " Start a pod that a policy isolates, and try to reach it.",
        remediation="Use a network plugin that enforces NetworkPolicy, such as Calico, Cilium or Antrea.",
        references=cis_k8s("5.3.1", "5.3.1"),
    ),
    Control(
        id="k8s.namespace.network_policy",
        title="Namespace has a network policy",
        scope="namespace",
        severity="medium",
        actual="network_policies",
        expected={"empty": False},
        when=_NEEDS_POLICY,
        evidence="{pods: network_pods}",
        remediation="Deny by default and declare the flows that are needed (role k8s_network_policy).",
        rationale="Without a policy every pod of the cluster reaches every other.",
        references=cis_k8s("5.3.2", "5.3.2"),
    ),
    Control(
        id="k8s.namespace.default_deny_ingress",
        title="Namespace denies ingress by default",
        scope="namespace",
        severity="medium",
        actual="network_default_deny_ingress",
        expected={"equals": True},
        when=_NEEDS_POLICY,
        evidence="{open: network_open_ingress, policies: network_policies}",
        remediation="Add a policy with an empty podSelector, policyTypes Ingress and no rule.",
        rationale="Else a new pod is open to the whole cluster until somebody thinks of it.",
        references=cis_k8s("5.3.2", "5.3.2"),
    ),
    Control(
        id="k8s.namespace.default_deny_egress",
        title="Namespace denies egress by default",
        scope="namespace",
        severity="low",
        actual="network_default_deny_egress",
        expected={"equals": True},
        when=_NEEDS_POLICY,
        evidence="{open: network_open_egress, policies: network_policies}",
        remediation="Add a policy with an empty podSelector, policyTypes Egress and no rule, and one that allows DNS.",
        rationale="Else whoever takes a pod over may send data anywhere, and fetch tools from anywhere.",
    ),
    Control(
        id="k8s.namespace.dns_allowed",
        title="Pods whose egress is isolated can ask the cluster's DNS",
        scope="namespace",
        severity="info",
        actual="network_without_dns",
        expected={"empty": True},
        when="network_pods > `0` && network_policies",
        remediation="Allow egress to port 53, UDP and TCP, of the pods with the label k8s-app=kube-dns in kube-system.",
    ),
)

_WORKLOAD_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.workload.ingress_isolated",
        title="No workload is left out by the ingress policies of its namespace",
        scope="workload",
        severity="medium",
        actual="network_ingress_isolated",
        expected={"equals": True},
        when=_HAS_POLICIES,
        evidence="{policies: network_ingress_policies}",
        remediation="Deny ingress by default in the namespace, so that no workload depends on its labels.",
        references=cis_k8s("5.3.2", "5.3.2"),
    ),
    Control(
        id="k8s.workload.ingress_from_anywhere",
        title="Workload is not open to every address",
        scope="workload",
        severity="low",
        actual="network_ingress_everywhere",
        expected={"empty": True},
        when="network_ingress_policies",
        evidence="{policies: network_ingress_policies}",
        remediation="Name the namespaces, pods or address blocks that may connect.",
    ),
    Control(
        id="k8s.workload.egress_to_anywhere",
        title="Workload's egress rules do not let it reach every address",
        scope="workload",
        severity="low",
        actual="network_egress_everywhere",
        expected={"empty": True},
        when="network_egress_policies",
        evidence="{policies: network_egress_policies}",
        remediation="Name the namespaces, pods or address blocks that it needs.",
    ),
    Control(
        id="k8s.workload.metadata_service",
        title="Workload's egress rules keep it from the cloud's metadata service",
        scope="workload",
        severity="medium",
        actual="network_metadata_reachable",
        expected={"equals": False},
        when="network_egress_policies",
        evidence="{policies: network_egress_policies}",
        remediation="Except 169.254.169.254/32 from the address blocks that its rules allow.",
        rationale="That service gives the credentials of the node to whoever asks.",
    ),
)

_POLICY_CONTROLS: tuple[Control, ...] = (
    Control(
        id="k8s.network_policy.selects_nothing",
        title="Network policy selects a running pod",
        scope="network_policy",
        severity="low",
        actual="selects",
        expected={"equals": True},
        when="namespace_has_pods",
        evidence="{pod_selector: pod_selector}",
        remediation="Correct the selector, or remove the policy.",
        rationale="A policy whose selector is misspelt protects nothing, and looks as if it did.",
    ),
    Control(
        id="k8s.network_policy.ingress_from_anywhere",
        title="Network policy does not let every address in",
        scope="network_policy",
        severity="medium",
        actual="ingress_everywhere",
        expected={"empty": True},
        when="contains(directions, 'ingress')",
        evidence="{pod_selector: pod_selector}",
        remediation="Say in the rule's from who may connect. A rule without from is one for everybody.",
    ),
    Control(
        id="k8s.network_policy.ingress_from_every_namespace",
        title="Network policy does not let every pod of the cluster in",
        scope="network_policy",
        severity="low",
        actual="ingress_every_namespace",
        expected={"empty": True},
        when="contains(directions, 'ingress')",
        evidence="{pod_selector: pod_selector}",
        remediation="Select the namespaces that may connect by their labels.",
    ),
    Control(
        id="k8s.network_policy.egress_to_anywhere",
        title="Network policy does not let pods reach every address",
        scope="network_policy",
        severity="low",
        actual="egress_everywhere",
        expected={"empty": True},
        when="contains(directions, 'egress')",
        evidence="{pod_selector: pod_selector}",
        remediation="Say in the rule's to whom the pods may reach. A rule without to is one for everybody.",
    ),
    Control(
        id="k8s.network_policy.ignored_rules",
        title="Network policy has no rules that its policyTypes leave out",
        scope="network_policy",
        severity="medium",
        actual="ignored_rules",
        expected={"empty": True},
        remediation="Name the direction in policyTypes, or remove its rules.",
        rationale="Rules of a direction that policyTypes does not name are not read.",
    ),
    Control(
        id="k8s.network_policy.dead_peers",
        title="Every peer of the network policy is a running pod",
        scope="network_policy",
        severity="info",
        actual="dead_peers",
        expected={"empty": True},
        when="namespace_has_pods",
        remediation="Correct the selectors of the peers, or remove what nobody needs any more.",
    ),
    Control(
        id="k8s.network_policy.dns_over_udp",
        title="Network policy that lets port 53 out does so for UDP",
        scope="network_policy",
        severity="info",
        actual="udp_dns_missing",
        expected={"equals": False},
        when="contains(directions, 'egress')",
        evidence="{without_protocol: ports_without_protocol}",
        remediation="Set protocol UDP beside TCP: a port without a protocol is one of TCP.",
    ),
)

NETWORK_POLICY_CONTROLS: tuple[Control, ...] = _NAMESPACE_CONTROLS + _WORKLOAD_CONTROLS + _POLICY_CONTROLS
