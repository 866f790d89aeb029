# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of RBAC: who has which dangerous access through which binding, and what is wrong with roles and bindings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis_kubernetes import cis_k8s

_NEEDED_ONLY = (
    "Grant the verbs and resources that are used, by name; `instead` shows what is left of the rule without it."
)


def _access(
    risk: str,
    title: str,
    severity: str,
    rationale: str,
    remediation: str = _NEEDED_ONLY,
    references: Sequence[Mapping[str, str]] = (),
) -> Control:
    """A risk of what somebody may do: the finding names each path, the evidence its rule and what would do instead."""
    return Control(
        id=f"k8s.rbac.{risk}",
        title=title,
        scope="access",
        severity=severity,
        actual=f"{risk}[].via",
        expected={"empty": True},
        evidence=f"{risk}[].{{rule: rule, instead: instead}}",
        rationale=rationale,
        remediation=remediation,
        references=references,
    )


_WILDCARD_CONTROLS = (
    _access(
        "wildcard_all",
        "Subject may not do everything with everything",
        "critical",
        "Who has all verbs on all resources can read each Secret and give others the same.",
        "List the verbs and resources that are used; a log of the API's audit shows which.",
        cis_k8s("5.1.3", "5.1.3"),
    ),
    _access(
        "wildcard_verbs",
        "Subject does not have every verb on what matters",
        "high",
        "A wildcard holds verbs such as impersonate, bind, escalate and those of the future.",
        "List the verbs that are used.",
        cis_k8s("5.1.3", "5.1.3"),
    ),
    _access(
        "wildcard_resources",
        "Subject may not reach every resource of a group",
        "high",
        "A wildcard holds Secrets, each subresource, and every kind that is installed later.",
        "List the resources that are used.",
        cis_k8s("5.1.3", "5.1.3"),
    ),
)

_IDENTITY_CONTROLS = (
    _access(
        "cluster_admin_binding",
        "Only the cluster's own administrators are bound to cluster-admin",
        "critical",
        "cluster-admin allows everything; a member of system:masters is never even asked for a role.",
        "Bind a role with what is needed; keep cluster-admin for an emergency account.",
        (*cis_k8s("5.1.1", "5.1.1"), *cis_k8s("5.1.7")),
    ),
    _access(
        "anonymous_binding",
        "Nobody has access without logging in",
        "critical",
        "Everyone who reaches the API server's port is system:anonymous.",
        "Delete the binding, or name those who need it.",
    ),
    _access(
        "authenticated_binding",
        "Being logged in grants nothing by itself",
        "high",
        "Each ServiceAccount of each pod is in system:authenticated; where users come from outside, so are strangers.",
        "Bind the groups and ServiceAccounts that need it.",
    ),
    _access(
        "impersonate",
        "Subject may not act as somebody else",
        "critical",
        "Who impersonates has the access of all whom it may impersonate.",
        "Take the verb away, or limit it with resourceNames to users without privileges.",
        cis_k8s("5.1.8"),
    ),
    _access(
        "escalate",
        "Subject may not write roles with more than it has itself",
        "critical",
        "The verb escalate switches off the check that keeps a role's author from granting what it does not have.",
        "Take the verb away; let the owner of the wider access write such roles.",
        cis_k8s("5.1.8"),
    ),
    _access(
        "bind",
        "Subject may not bind roles with more than it has itself",
        "critical",
        "The verb bind, with the right to write bindings, gives any role that it covers to anybody.",
        "Take the verb away, or limit it with resourceNames to harmless roles.",
        cis_k8s("5.1.8"),
    ),
    _access(
        "rbac_write",
        "Subject does not write roles or bindings",
        "high",
        "Who writes bindings can share all of its access, and gains more wherever roles are aggregated.",
        "Let roles and bindings be deployed by one account.",
    ),
    _access(
        "csr_approve",
        "Subject may not sign certificates for others",
        "critical",
        "An approved request for a client certificate makes a user of any name, which no binding can take back.",
        "Leave the approval to the controllers, or limit the signers with resourceNames.",
        cis_k8s("5.1.11"),
    ),
    _access(
        "sa_token_create",
        "Subject may not make tokens of ServiceAccounts",
        "high",
        "A token is all of the access of its ServiceAccount, outside of any pod.",
        references=cis_k8s("5.1.13"),
    ),
)

_SECRET_CONTROLS = (
    _access(
        "secrets_read",
        "Subject does not read Secrets beyond those it names",
        "high",
        "Secrets hold passwords and tokens; list and watch hand out their content as get does.",
        "Name the Secrets with resourceNames, or mount them into the pods that need them.",
        cis_k8s("5.1.2", "5.1.2"),
    ),
    _access(
        "secrets_write_token",
        "Subject may not write Secrets where privileged ServiceAccounts are",
        "high",
        "A Secret of the token type is filled in with a token of the ServiceAccount that it names.",
        references=cis_k8s("5.1.2", "5.1.2"),
    ),
)

_WORKLOAD_CONTROLS = (
    _access(
        "pod_create",
        "Subject does not run pods of its own choice",
        "medium",
        "A new pod takes any ServiceAccount, Secret and volume of its namespace, and the node where policy allows it.",
        "Let a deployment pipeline create workloads, and hold its namespaces to the restricted level.",
        cis_k8s("5.1.4", "5.1.4"),
    ),
    _access(
        "pods_exec_attach",
        "Subject does not enter running containers",
        "high",
        "Whoever runs a command in a container has its ServiceAccount's token and its Secrets.",
    ),
    _access(
        "ephemeral_containers",
        "Subject does not put containers into running pods",
        "high",
        "A container for debugging shares the pod's network, volumes and, if it wants, processes.",
    ),
    _access(
        "node_status_steal",
        "Subject does not move other people's pods between nodes",
        "medium",
        "Emptied or tainted nodes send their pods, with their tokens, to the node that an attacker holds.",
    ),
    _access(
        "pod_status_service_status",
        "Subject does not forge the status of pods and services",
        "medium",
        "A forged address draws the traffic of others (CVE-2020-8554).",
    ),
    _access(
        "psp_use",
        "Subject does not choose which pod security policy it is held to",
        "high",
        "Who may use a privileged policy runs privileged pods.",
        "Bind the ServiceAccounts that need it to the policy of their namespace, by resourceNames.",
    ),
)

_CLUSTER_CONTROLS = (
    _access(
        "nodes_proxy",
        "Subject does not reach the kubelets through the API server",
        "critical",
        "The kubelet's own API runs commands in each pod of a node, past admission and audit.",
        "Grant nodes/metrics or nodes/stats for monitoring.",
        cis_k8s("5.1.10"),
    ),
    _access(
        "webhook_write",
        "Subject does not change admission webhooks",
        "critical",
        "A webhook sees, and may change, every object that is written, Secrets included.",
        references=cis_k8s("5.1.12"),
    ),
    _access(
        "admission_policy_write",
        "Subject does not change the policies of admission",
        "high",
        "Who changes the policy allows itself what it forbids.",
    ),
    _access(
        "crd_write",
        "Subject does not change custom resource definitions",
        "high",
        "A conversion webhook sees each object of the kind; a deleted definition takes all of its objects along.",
    ),
    _access(
        "pv_create",
        "Subject does not make persistent volumes",
        "high",
        "A volume of type hostPath is any folder of a node, past the policies for pods.",
        "Let a provisioner make volumes from a StorageClass.",
        cis_k8s("5.1.9"),
    ),
    _access(
        "netpol_write",
        "Subject does not change what may talk to what",
        "medium",
        "Network policies, ingresses and gateways are the walls between workloads.",
    ),
    _access(
        "coredns_awsauth",
        "Subject does not change the cluster's DNS or its mapping of users",
        "high",
        "The ConfigMaps of CoreDNS and aws-auth in kube-system redirect every name, and make anybody an administrator.",
    ),
    _access(
        "events_delete_logs",
        "Subject does not remove traces",
        "medium",
        "Deleted events and logs are what an investigation misses.",
    ),
)

_HYGIENE_CONTROLS = (
    Control(
        id="k8s.rbac.many_roles",
        title="Subject has a handful of roles at most",
        scope="access",
        severity="low",
        actual="role_count",
        expected={"at_most": 3},
        when="role_count != `null`",
        rationale="Nobody can tell what the sum of many roles allows.",
        remediation="Merge them into one role for the job, and drop what is not used.",
    ),
    Control(
        id="k8s.rbac.many_subjects",
        title="Namespace is open to a handful of subjects at most",
        scope="access",
        severity="low",
        actual="bound_subjects",
        expected={"at_most": 4},
        when="bound_subjects != `null`",
        not_applicable="No namespace has bindings of its own.",
        rationale="A namespace of many teams is no boundary between them.",
        remediation="Bind a group instead of its members, or split the namespace.",
    ),
    Control(
        id="k8s.rbac.unused_grants",
        title="Subject uses what it is granted",
        scope="access",
        severity="medium",
        actual="unused",
        expected={"empty": True},
        when="unused != `null`",
        not_applicable="No log of the API's audit was given, which alone can tell.",
        rationale="What is never used is missed by nobody but an attacker.",
        remediation="Take the grants away that the log never shows; look at a window that holds every rare job.",
        references=cis_k8s("5.1.1", "5.1.1"),
    ),
    Control(
        id="k8s.rbac.dangling_role",
        title="Binding names a role that exists",
        scope="binding",
        severity="medium",
        actual="dangling",
        expected={"empty": True},
        rationale="Whoever makes a role of that name later decides what the subjects may do.",
        remediation="Delete the binding, or make the role.",
    ),
    Control(
        id="k8s.rbac.stale_subject",
        title="Binding names ServiceAccounts that exist",
        scope="binding",
        severity="medium",
        actual="stale_subjects",
        expected={"empty": True},
        rationale="Whoever makes a ServiceAccount of that name later gets the access.",
        remediation="Take the subject out of the binding.",
    ),
    Control(
        id="k8s.rbac.default_binding_changed",
        title="Binding of the cluster's own has the subjects that it ships with",
        scope="binding",
        severity="high",
        actual="added_subjects",
        expected={"empty": True},
        rationale="An API server puts back what is missing from its own bindings, and never removes what was added.",
        remediation="Take the subjects out, and bind them to a role of their own where they need one.",
    ),
    Control(
        id="k8s.rbac.default_role_changed",
        title="Role of the cluster's own allows what it ships with, and no more",
        scope="role",
        severity="high",
        actual="added_rules",
        expected={"empty": True},
        rationale="An API server puts back what is missing from its own roles, and never removes what was added.",
        remediation="Take the rules out, and put them into a role of your own.",
    ),
    Control(
        id="k8s.rbac.default_role_frozen",
        title="Role of the cluster's own is kept up to date by the API server",
        scope="role",
        severity="low",
        actual="autoupdate",
        expected={"equals": True},
        when="autoupdate != `null`",
        not_applicable="The cluster has no role of its own.",
        rationale="With autoupdate off, what a new version repairs in the role is missing.",
        remediation="Set the annotation rbac.authorization.kubernetes.io/autoupdate to true.",
    ),
)

_SERVICE_ACCOUNT_CONTROLS = (
    Control(
        id="k8s.rbac.default_sa_bound",
        title="Default ServiceAccount has no access",
        scope="service_account",
        severity="high",
        actual="bound_by",
        expected={"empty": True},
        when="default",
        rationale="Each pod that names no ServiceAccount has this one.",
        remediation="Make a ServiceAccount for the workload that needs it, and bind that one.",
        references=cis_k8s("5.1.5", "5.1.5"),
    ),
    Control(
        id="k8s.rbac.default_sa_automount",
        title="Default ServiceAccount's token is not mounted into pods",
        scope="service_account",
        severity="medium",
        actual="automount",
        expected={"equals": False},
        when="default",
        rationale="A pod that does not ask for a token should not carry one to whoever breaks into it.",
        remediation="Set automountServiceAccountToken: false on it.",
        references=(*cis_k8s("5.1.5", "5.1.5"), *cis_k8s("5.1.6", "5.1.6")),
    ),
    Control(
        id="k8s.rbac.unbound_sa_automount",
        title="ServiceAccount without access does not mount its token",
        scope="service_account",
        severity="low",
        actual="automount",
        expected={"equals": False},
        when="!default && !bound",
        not_applicable="Every ServiceAccount but the default ones has access.",
        rationale="A token that allows nothing of its own still allows what each ServiceAccount is allowed.",
        remediation="Set automountServiceAccountToken: false on it, or on its pods.",
        references=cis_k8s("5.1.6", "5.1.6"),
    ),
    Control(
        id="k8s.rbac.cloud_iam",
        title="ServiceAccount has no role of the cloud",
        scope="service_account",
        severity="info",
        actual="cloud_identity",
        expected={"empty": True},
        rationale="Its pods act in the cloud's own API, where this cluster's roles do not reach.",
        remediation="Know what the cloud's role allows; waive this one where it is meant.",
    ),
)

RBAC_CONTROLS: tuple[Control, ...] = (
    *_WILDCARD_CONTROLS,
    *_IDENTITY_CONTROLS,
    *_SECRET_CONTROLS,
    *_WORKLOAD_CONTROLS,
    *_CLUSTER_CONTROLS,
    *_HYGIENE_CONTROLS,
    *_SERVICE_ACCOUNT_CONTROLS,
)
