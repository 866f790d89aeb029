# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bindings that Kubernetes (1.20 to 1.37) and kubeadm make, and the Roles in namespaces that they bind.

The bindings of controllers are not here: they follow from the controllers' names. Roles are written as in
default_roles.py. Sources: Kubernetes, bootstrappolicy/policy.go and namespace_policy.go; kubeadm's phases.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE_BINDING,
    ROLE_BINDING,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    ANONYMOUS,
    AUTHENTICATED,
    GROUP,
    MASTERS,
    SERVICE_ACCOUNT,
    SERVICE_ACCOUNTS,
    UNAUTHENTICATED,
    USER,
    Subject,
)

_BOOTSTRAPPERS = Subject(GROUP, "system:bootstrappers:kubeadm:default-node-token")
_NODES = Subject(GROUP, "system:nodes")
_CONTROLLER_MANAGER = Subject(USER, "system:kube-controller-manager")
_SCHEDULER = Subject(USER, "system:kube-scheduler")
_SIGNER = Subject(SERVICE_ACCOUNT, "bootstrap-signer", "kube-system")

# Name of the ClusterRoleBinding: name of the ClusterRole, and its subjects.
_CLUSTER: dict[str, tuple[str, tuple[Subject, ...]]] = {
    "cluster-admin": ("cluster-admin", (Subject(GROUP, MASTERS),)),
    "system:basic-user": ("system:basic-user", (Subject(GROUP, AUTHENTICATED),)),
    "system:discovery": ("system:discovery", (Subject(GROUP, AUTHENTICATED),)),
    "system:cluster-trust-bundle-discovery": (
        "system:cluster-trust-bundle-discovery",
        (Subject(GROUP, SERVICE_ACCOUNTS),),
    ),
    "system:kube-controller-manager": ("system:kube-controller-manager", (_CONTROLLER_MANAGER,)),
    "system:kube-dns": ("system:kube-dns", (Subject(SERVICE_ACCOUNT, "kube-dns", "kube-system"),)),
    "system:kube-scheduler": ("system:kube-scheduler", (_SCHEDULER,)),
    "system:volume-scheduler": ("system:volume-scheduler", (_SCHEDULER,)),
    "system:monitoring": ("system:monitoring", (Subject(GROUP, "system:monitoring"),)),
    "system:node": ("system:node", ()),
    "system:node-proxier": ("system:node-proxier", (Subject(USER, "system:kube-proxy"),)),
    "system:public-info-viewer": (
        "system:public-info-viewer",
        (Subject(GROUP, AUTHENTICATED), Subject(GROUP, UNAUTHENTICATED)),
    ),
    "system:service-account-issuer-discovery": (
        "system:service-account-issuer-discovery",
        (Subject(GROUP, SERVICE_ACCOUNTS),),
    ),
    "kubeadm:cluster-admins": ("cluster-admin", (Subject(GROUP, "kubeadm:cluster-admins"),)),
    "kubeadm:get-nodes": ("kubeadm:get-nodes", (_BOOTSTRAPPERS,)),
    "kubeadm:kubelet-bootstrap": ("system:node-bootstrapper", (_BOOTSTRAPPERS,)),
    "kubeadm:node-autoapprove-bootstrap": (
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        (_BOOTSTRAPPERS,),
    ),
    "kubeadm:node-autoapprove-certificate-rotation": (
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        (_NODES,),
    ),
    "kubeadm:node-proxier": ("system:node-proxier", (Subject(SERVICE_ACCOUNT, "kube-proxy", "kube-system"),)),
    "system:coredns": ("system:coredns", (Subject(SERVICE_ACCOUNT, "coredns", "kube-system"),)),
}

# Namespace and name of the RoleBinding, likewise; its role is of the same namespace.
_NAMESPACED: dict[tuple[str, str], tuple[str, tuple[Subject, ...]]] = {
    ("kube-public", "system:controller:bootstrap-signer"): ("system:controller:bootstrap-signer", (_SIGNER,)),
    ("kube-public", "kubeadm:bootstrap-signer-clusterinfo"): (
        "kubeadm:bootstrap-signer-clusterinfo",
        (Subject(USER, ANONYMOUS),),
    ),
    ("kube-system", "system::extension-apiserver-authentication-reader"): (
        "extension-apiserver-authentication-reader",
        (_CONTROLLER_MANAGER, _SCHEDULER),
    ),
    ("kube-system", "system::leader-locking-kube-controller-manager"): (
        "system::leader-locking-kube-controller-manager",
        (_CONTROLLER_MANAGER, Subject(SERVICE_ACCOUNT, "kube-controller-manager", "kube-system")),
    ),
    ("kube-system", "system::leader-locking-kube-scheduler"): (
        "system::leader-locking-kube-scheduler",
        (_SCHEDULER, Subject(SERVICE_ACCOUNT, "kube-scheduler", "kube-system")),
    ),
    ("kube-system", "system:controller:bootstrap-signer"): ("system:controller:bootstrap-signer", (_SIGNER,)),
    ("kube-system", "system:controller:cloud-provider"): (
        "system:controller:cloud-provider",
        (Subject(SERVICE_ACCOUNT, "cloud-provider", "kube-system"),),
    ),
    ("kube-system", "system:controller:token-cleaner"): (
        "system:controller:token-cleaner",
        (Subject(SERVICE_ACCOUNT, "token-cleaner", "kube-system"),),
    ),
    ("kube-system", "kube-proxy"): ("kube-proxy", (_BOOTSTRAPPERS,)),
    ("kube-system", "kubeadm:kubelet-config"): ("kubeadm:kubelet-config", (_NODES, _BOOTSTRAPPERS)),
    ("kube-system", "kubeadm:nodes-kubeadm-config"): ("kubeadm:nodes-kubeadm-config", (_NODES, _BOOTSTRAPPERS)),
}

DEFAULT_BINDINGS: dict[tuple[str, str, str], tuple[str, tuple[Subject, ...]]] = {
    **{(CLUSTER_ROLE_BINDING, "", name): bound for name, bound in _CLUSTER.items()},
    **{(ROLE_BINDING, namespace, name): bound for (namespace, name), bound in _NAMESPACED.items()},
}

_LEADER = """
    create,get,list,update,watch coordination.k8s.io leasecandidates,leases
    watch core configmaps
"""

NAMESPACED_ROLES: dict[tuple[str, str], str] = {
    ("kube-public", "system:controller:bootstrap-signer"): """
        get,list,watch core configmaps
        update core configmaps cluster-info
        create,patch,update core,events.k8s.io events
    """,
    ("kube-public", "kubeadm:bootstrap-signer-clusterinfo"): "get core configmaps cluster-info",
    ("kube-system", "extension-apiserver-authentication-reader"): (
        "get,list,watch core configmaps extension-apiserver-authentication"
    ),
    ("kube-system", "system::leader-locking-kube-controller-manager"): (
        f"{_LEADER}    get,update core configmaps kube-controller-manager"
    ),
    ("kube-system", "system::leader-locking-kube-scheduler"): f"{_LEADER}    get,update core configmaps kube-scheduler",
    ("kube-system", "system:controller:bootstrap-signer"): "get,list,watch core secrets",
    ("kube-system", "system:controller:cloud-provider"): "create,get,list,watch core configmaps",
    ("kube-system", "system:controller:token-cleaner"): """
        delete,get,list,watch core secrets
        create,patch,update core,events.k8s.io events
    """,
    ("kube-system", "kube-proxy"): "get core configmaps kube-proxy",
    ("kube-system", "kubeadm:kubelet-config"): "get core configmaps kubelet-config",
    ("kube-system", "kubeadm:nodes-kubeadm-config"): "get core configmaps kubeadm-config",
}
