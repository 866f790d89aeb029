# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ClusterRoles of the controller-manager's controllers (`system:controller:NAME`), of Kubernetes 1.20 to 1.37.

Written as in default_roles.py; that almost all of them may also write events goes without saying here. Each is bound to
the ServiceAccount kube-system/NAME. Source: Kubernetes, bootstrappolicy/controller_policy.go.
"""

from __future__ import annotations

CONTROLLER_ROLES: dict[str, str] = {
    "attachdetach-controller": """
        list,watch core persistentvolumeclaims,persistentvolumes,pods
        get,list,watch core nodes
        patch,update core nodes/status
        create,delete,get,list,watch storage.k8s.io volumeattachments
        get,list,watch storage.k8s.io csidrivers,csinodes
    """,
    "certificate-controller": """
        delete,get,list,watch certificates.k8s.io certificatesigningrequests
        update certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status
        approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
        sign certificates.k8s.io signers kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet
        sign certificates.k8s.io signers kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown
        create authorization.k8s.io subjectaccessreviews
    """,
    "clusterrole-aggregation-controller": """
        escalate,get,list,patch,update,watch rbac.authorization.k8s.io clusterroles
    """,
    "cronjob-controller": """
        get,list,update,watch batch cronjobs
        create,delete,get,list,patch,update,watch batch jobs
        update batch cronjobs/finalizers,cronjobs/status
        delete,list core pods
        watch core pods
    """,
    "daemon-set-controller": """
        get,list,watch apps,extensions daemonsets
        update apps,extensions daemonsets/finalizers,daemonsets/status
        list,watch core nodes
        create,delete,list,patch,watch core pods
        create core pods/binding
        create,delete,get,list,patch,update,watch apps controllerrevisions
    """,
    "deployment-controller": """
        get,list,update,watch apps,extensions deployments
        update apps,extensions deployments/finalizers,deployments/status
        create,delete,get,list,patch,update,watch apps,extensions replicasets
        get,list,update,watch core pods
    """,
    "device-taint-eviction-controller": """
        delete,get,list,watch core pods
        patch,update core pods/status
        get,list,watch resource.k8s.io deviceclasses,devicetaintrules,resourceclaims,resourceslices
        patch,update resource.k8s.io devicetaintrules/status
    """,
    "disruption-controller": """
        get,list,watch apps,extensions deployments,replicasets
        get,list,watch core replicationcontrollers
        get,list,watch policy poddisruptionbudgets
        get,list,watch apps statefulsets
        update policy poddisruptionbudgets/status
        get * */scale
        patch,update core pods/status
    """,
    "endpoint-controller": """
        get,list,watch core pods,services
        create,delete,get,list,update core endpoints
        create core endpoints/restricted
        watch core endpoints
    """,
    "endpointslice-controller": """
        get,list,watch core nodes,pods,services
        update core services/finalizers
        create,delete,get,list,update discovery.k8s.io endpointslices
        watch discovery.k8s.io endpointslices
    """,
    "endpointslicemirroring-controller": """
        get,list,watch core endpoints,services
        update core endpoints/finalizers,services/finalizers
        create,delete,get,list,update discovery.k8s.io endpointslices
        watch discovery.k8s.io endpointslices
    """,
    "ephemeral-volume-controller": """
        get,list,watch core pods
        update core pods/finalizers
        create,get,list,watch core persistentvolumeclaims
    """,
    "expand-controller": """
        get,list,patch,update,watch core persistentvolumes
        patch,update core persistentvolumeclaims/status
        get,list,watch core persistentvolumeclaims
        get,list,watch storage.k8s.io storageclasses
        get core endpoints,secrets,services
    """,
    "generic-garbage-collector": """
        delete,get,list,patch,update,watch * *
    """,
    "horizontal-pod-autoscaler": """
        get,list,watch autoscaling horizontalpodautoscalers
        update autoscaling horizontalpodautoscalers/status
        get,update * */scale
        list core pods
        get core services/proxy http:heapster:,https:heapster:
        list metrics.k8s.io pods
        get,list custom.metrics.k8s.io *
        watch core,metrics.k8s.io pods
        get,list,watch custom.metrics.k8s.io,external.metrics.k8s.io *
    """,
    "job-controller": """
        get,list,update,watch batch jobs
        update batch jobs/finalizers,jobs/status
        create,delete,list,patch,watch core pods
        patch batch jobs
        create,get,list,patch,update,watch scheduling.k8s.io podgroups,workloads
    """,
    "kube-apiserver-serving-clustertrustbundle-publisher": """
        attest certificates.k8s.io signers kubernetes.io/kube-apiserver-serving
        create,delete,list,update,watch certificates.k8s.io clustertrustbundles
    """,
    "legacy-service-account-token-cleaner": """
        get core configmaps kube-apiserver-legacy-service-account-token-tracking
        delete,patch core secrets
    """,
    "namespace-controller": """
        delete,get,list,watch core namespaces
        update core namespaces/finalize,namespaces/status
        delete,deletecollection,get,list * *
        watch * *
    """,
    "node-controller": """
        delete,get,list,patch,update core nodes
        patch,update core nodes/status
        update core pods/status
        delete,list core pods
        watch core nodes
        patch core pods/status
        get,watch core pods
        get,list,watch coordination.k8s.io leases
    """,
    "persistent-volume-binder": """
        create,delete,get,list,update,watch core persistentvolumes
        update core persistentvolumeclaims/status,persistentvolumes/status
        get,list,update,watch core persistentvolumeclaims
        create,delete,get,list,watch core pods
        get,list,watch storage.k8s.io storageclasses
        create,delete,get,update core endpoints
        create,delete,get core services
        get core secrets
        get,list core nodes
        watch core events,nodes
    """,
    "pod-garbage-collector": """
        delete,list,watch core pods
        get,list core nodes
        watch core nodes
        patch core pods/status
    """,
    "podcertificaterequestcleaner": """
        delete,get,list,watch certificates.k8s.io podcertificaterequests
    """,
    "podgroup-protection-controller": """
        get,list,update,watch scheduling.k8s.io podgroups
        get,list,watch core pods
    """,
    "pv-protection-controller": """
        get,list,update,watch core persistentvolumes
    """,
    "pvc-protection-controller": """
        get,list,update,watch core persistentvolumeclaims
        get,list,watch core pods
        update core persistentvolumeclaims/status
    """,
    "replicaset-controller": """
        get,list,update,watch apps,extensions replicasets
        update apps,extensions replicasets/finalizers,replicasets/status
        create,delete,list,patch,watch core pods
    """,
    "replication-controller": """
        get,list,update,watch core replicationcontrollers
        update core replicationcontrollers/finalizers,replicationcontrollers/status
        create,delete,list,patch,watch core pods
    """,
    "resource-claim-controller": """
        get,list,watch core pods
        update core pods/finalizers
        create,delete,get,list,patch,update,watch resource.k8s.io resourceclaims
        get,list,watch resource.k8s.io podschedulingcontexts
        patch,update resource.k8s.io podschedulingcontexts/status,resourceclaims/status
        patch,update core pods/status
        patch,update resource.k8s.io resourceclaims/binding
        get,list,watch scheduling.k8s.io podgroups
        patch,update scheduling.k8s.io podgroups/status
    """,
    "resourcepoolstatusrequest-controller": """
        delete,get,list,watch resource.k8s.io resourcepoolstatusrequests
        patch,update resource.k8s.io resourcepoolstatusrequests/status
        get,list,watch resource.k8s.io devicetaintrules,resourceclaims,resourceslices
    """,
    "resourcequota-controller": """
        list,watch * *
        update core resourcequotas/status
    """,
    "root-ca-cert-publisher": """
        create,update core configmaps
    """,
    "route-controller": """
        list,watch core nodes
        patch core nodes/status
    """,
    "selinux-warning-controller": """
        get,list,watch core persistentvolumeclaims,persistentvolumes,pods
        get,list,watch storage.k8s.io csidrivers
    """,
    "service-account-controller": """
        create core serviceaccounts
    """,
    "service-cidrs-controller": """
        get,list,patch,update,watch networking.k8s.io servicecidrs
        patch,update networking.k8s.io servicecidrs/finalizers,servicecidrs/status
        get,list,watch networking.k8s.io ipaddresses
    """,
    "service-controller": """
        get,list,watch core services
        patch,update core services/status
        list,watch core nodes
    """,
    "statefulset-controller": """
        list,watch core pods
        get,list,watch apps statefulsets
        update apps statefulsets/finalizers,statefulsets/status
        create,delete,get,patch,update core pods
        create,delete,get,list,patch,update,watch apps controllerrevisions
        create,get core persistentvolumeclaims
        delete,list,update,watch core persistentvolumeclaims
        update core pods/finalizers
    """,
    "storage-version-garbage-collector": """
        get,list,watch coordination.k8s.io leases
        delete,get,list,patch,update,watch internal.apiserver.k8s.io storageversions
        get,patch,update internal.apiserver.k8s.io storageversions/status
    """,
    "storage-version-migrator-controller": """
        create,list,patch,watch * *
        update storagemigration.k8s.io storageversionmigrations/status
        get apiextensions.k8s.io customresourcedefinitions
        patch apiextensions.k8s.io customresourcedefinitions/status
    """,
    "ttl-after-finished-controller": """
        delete,get,list,watch batch jobs
    """,
    "ttl-controller": """
        list,patch,update,watch core nodes
    """,
    "validatingadmissionpolicy-status-controller": """
        get,list,watch admissionregistration.k8s.io validatingadmissionpolicies
        get,patch,update admissionregistration.k8s.io validatingadmissionpolicies/status
    """,
    "volumeattributesclass-protection-controller": """
        get,list,watch core persistentvolumeclaims,persistentvolumes
        get,list,update,watch storage.k8s.io volumeattributesclasses
    """,
}
