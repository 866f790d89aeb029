# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ClusterRoles that an API server makes for users and components, as any version from 1.20 to 1.37 ships them.

A rule a line: verbs, API groups (`core` is the empty one), resources, and resourceNames where there are any; or verbs
and paths. What several versions ship is one table: a rule of another version, in the very role that it is meant for, is
nothing to be alarmed by, and upgraded clusters carry both. Source: Kubernetes, bootstrappolicy/policy.go.
"""

from __future__ import annotations

DEFAULT_ROLES: dict[str, str] = {
    "cluster-admin": """
        * * *
        * *
    """,
    "kubeadm:get-nodes": """
        get core nodes
    """,
    "system:aggregate-to-admin": """
        create authorization.k8s.io localsubjectaccessreviews
        create,delete,deletecollection,get,list,patch,update,watch rbac.authorization.k8s.io rolebindings,roles
    """,
    "system:aggregate-to-edit": """
        get,list,watch core pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
        impersonate core serviceaccounts
        create,delete,deletecollection,patch,update core configmaps,endpoints,events,persistentvolumeclaims,pods
        create,delete,deletecollection,patch,update core pods/attach,pods/exec,pods/portforward,pods/proxy
        create,delete,deletecollection,patch,update core replicationcontrollers,replicationcontrollers/scale,secrets
        create,delete,deletecollection,patch,update core serviceaccounts,services,services/proxy
        create,delete,deletecollection,patch,update apps daemonsets,deployments,deployments/rollback,deployments/scale
        create,delete,deletecollection,patch,update apps replicasets,replicasets/scale,statefulsets,statefulsets/scale
        create,delete,deletecollection,patch,update autoscaling horizontalpodautoscalers
        create,delete,deletecollection,patch,update batch cronjobs,jobs
        create,delete,deletecollection,patch,update extensions daemonsets,deployments,deployments/rollback
        create,delete,deletecollection,patch,update extensions deployments/scale,ingresses,networkpolicies,replicasets
        create,delete,deletecollection,patch,update extensions replicasets/scale,replicationcontrollers/scale
        create,delete,deletecollection,patch,update policy poddisruptionbudgets
        create,delete,deletecollection,patch,update networking.k8s.io ingresses,networkpolicies
        create core pods/eviction,serviceaccounts/token
        create,delete,deletecollection,get,list,patch,update,watch coordination.k8s.io leases
        create,delete,deletecollection,patch,update resource.k8s.io podschedulingcontexts,resourceclaims
        create,delete,deletecollection,patch,update resource.k8s.io resourceclaimtemplates
    """,
    "system:aggregate-to-view": """
        get,list,watch core bindings,configmaps,endpoints,events,limitranges,namespaces,namespaces/status
        get,list,watch core persistentvolumeclaims,persistentvolumeclaims/status,pods,pods/log,pods/status
        get,list,watch core replicationcontrollers,replicationcontrollers/scale,replicationcontrollers/status
        get,list,watch core resourcequotas,resourcequotas/status,serviceaccounts,services,services/status
        get,list,watch apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale
        get,list,watch apps deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets
        get,list,watch apps statefulsets/scale,statefulsets/status
        get,list,watch autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
        get,list,watch batch cronjobs,cronjobs/status,jobs,jobs/status
        get,list,watch extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status
        get,list,watch extensions ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale
        get,list,watch extensions replicasets/status,replicationcontrollers/scale
        get,list,watch policy poddisruptionbudgets,poddisruptionbudgets/status
        get,list,watch networking.k8s.io ingresses,ingresses/status,networkpolicies
        get,list,watch discovery.k8s.io endpointslices
        get,list,watch resource.k8s.io podschedulingcontexts,podschedulingcontexts/status,resourceclaims
        get,list,watch resource.k8s.io resourceclaims/status,resourceclaimtemplates
    """,
    "system:auth-delegator": """
        create authentication.k8s.io tokenreviews
        create authorization.k8s.io subjectaccessreviews
    """,
    "system:basic-user": """
        create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
        create authentication.k8s.io selfsubjectreviews
    """,
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient": """
        create certificates.k8s.io certificatesigningrequests/nodeclient
    """,
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": """
        create certificates.k8s.io certificatesigningrequests/selfnodeclient
    """,
    "system:certificates.k8s.io:kube-apiserver-client-approver": """
        approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client
    """,
    "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver": """
        approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
    """,
    "system:certificates.k8s.io:kubelet-serving-approver": """
        approve certificates.k8s.io signers kubernetes.io/kubelet-serving
    """,
    "system:certificates.k8s.io:legacy-unknown-approver": """
        approve certificates.k8s.io signers kubernetes.io/legacy-unknown
    """,
    "system:cluster-trust-bundle-discovery": """
        get,list,watch certificates.k8s.io clustertrustbundles
    """,
    "system:coredns": """
        get core nodes
        list,watch core endpoints,namespaces,pods,services
        list,watch discovery.k8s.io endpointslices
    """,
    "system:discovery": """
        get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/
    """,
    "system:heapster": """
        get,list,watch core events,namespaces,nodes,pods
        get,list,watch extensions deployments
    """,
    "system:kube-aggregator": """
        get,list,watch core endpoints,services
    """,
    "system:kube-controller-manager": """
        create,patch,update core,events.k8s.io events
        create coordination.k8s.io leases
        get,update coordination.k8s.io leases kube-controller-manager
        create core endpoints,secrets,serviceaccounts,serviceaccounts/token
        get,update core endpoints kube-controller-manager
        delete core secrets
        get core configmaps,namespaces,secrets,serviceaccounts
        update core secrets,serviceaccounts
        create authentication.k8s.io tokenreviews
        create authorization.k8s.io subjectaccessreviews
        list,watch * *
    """,
    "system:kube-dns": """
        list,watch core endpoints,services
    """,
    "system:kube-scheduler": """
        create,patch,update core,events.k8s.io events
        create coordination.k8s.io leases
        get,update coordination.k8s.io leases kube-scheduler
        create core bindings,endpoints,pods/binding
        get,update core endpoints kube-scheduler
        get,list,watch core namespaces,nodes,persistentvolumeclaims,persistentvolumes,replicationcontrollers,services
        delete,get,list,watch core pods
        patch,update core pods/status
        get,list,watch apps,extensions replicasets
        get,list,watch apps statefulsets
        get,list,watch policy poddisruptionbudgets
        create authentication.k8s.io tokenreviews
        create authorization.k8s.io subjectaccessreviews
        get,list,watch storage.k8s.io csidrivers,csinodes,csistoragecapacities,volumeattachments
        list,watch coordination.k8s.io leases kube-scheduler
        create,delete,deletecollection,get,list,patch,update,watch coordination.k8s.io leasecandidates
        get,list,watch resource.k8s.io deviceclasses,devicetaintrules,resourceclaimparameters,resourceclasses
        get,list,watch resource.k8s.io resourceclassparameters,resourceslices
        get,list,patch,update,watch resource.k8s.io resourceclaims,resourceclaims/status
        create,delete,get,list,patch,update,watch resource.k8s.io podschedulingcontexts
        get,list,patch,update,watch core pods/finalizers
        get,list,watch scheduling.k8s.io podgroups,workloads
        patch,update resource.k8s.io resourceclaims/binding
        patch,update scheduling.k8s.io podgroups/status
    """,
    "system:kubelet-api-admin": """
        get,list,watch core nodes
        proxy core nodes
        * core nodes/checkpoint,nodes/configz,nodes/healthz,nodes/log,nodes/metrics,nodes/pods,nodes/proxy,nodes/spec
        * core nodes/stats
    """,
    "system:monitoring": """
        get /flagz,/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*,/statusz
    """,
    "system:node": """
        create authentication.k8s.io tokenreviews
        create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews
        get,list,watch core configmaps,pods,secrets,services
        create,get,list,watch core nodes
        patch,update core nodes,nodes/status,pods/status
        create,patch,update core events
        create,delete core pods
        create core pods/eviction,serviceaccounts/token
        get core endpoints,persistentvolumeclaims,persistentvolumes,serviceaccounts
        create,get,list,watch certificates.k8s.io certificatesigningrequests,podcertificaterequests
        create,delete,get,patch,update coordination.k8s.io leases
        get storage.k8s.io volumeattachments
        get,patch,update core persistentvolumeclaims/status
        get,list,watch storage.k8s.io csidrivers
        create,delete,get,patch,update storage.k8s.io csinodes
        get,list,watch node.k8s.io runtimeclasses
        get resource.k8s.io resourceclaims
        create,delete,deletecollection,get,list,patch,update,watch resource.k8s.io resourceslices
        get,list,watch certificates.k8s.io clustertrustbundles
    """,
    "system:node-bootstrapper": """
        create,get,list,watch certificates.k8s.io certificatesigningrequests
    """,
    "system:node-problem-detector": """
        get core nodes
        patch core nodes/status
        create,patch,update core,events.k8s.io events
    """,
    "system:node-proxier": """
        list,watch core endpoints,services
        get,list,watch core nodes
        create,patch,update core,events.k8s.io events
        list,watch discovery.k8s.io endpointslices
        list,watch networking.k8s.io servicecidrs
    """,
    "system:persistent-volume-provisioner": """
        create,delete,get,list,watch core persistentvolumes
        get,list,update,watch core persistentvolumeclaims
        get,list,watch storage.k8s.io storageclasses
        watch core events
        create,patch,update core,events.k8s.io events
    """,
    "system:public-info-viewer": """
        get /healthz,/livez,/readyz,/version,/version/
    """,
    "system:service-account-issuer-discovery": """
        get /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/
    """,
    "system:volume-scheduler": """
        get,list,patch,update,watch core persistentvolumeclaims,persistentvolumes
        get,list,watch storage.k8s.io storageclasses
    """,
}
