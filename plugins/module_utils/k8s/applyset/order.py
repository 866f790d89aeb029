# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order objects are made, so that none needs another that is not there yet, and removed: the other way."""

from __future__ import annotations

_FIRST = {
    ("", "Namespace"): 0,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 1,
    ("scheduling.k8s.io", "PriorityClass"): 2,
    ("storage.k8s.io", "StorageClass"): 2,
    ("node.k8s.io", "RuntimeClass"): 2,
    ("policy", "PodSecurityPolicy"): 2,
    ("", "ServiceAccount"): 2,
    ("", "ResourceQuota"): 2,
    ("", "LimitRange"): 2,
    ("", "ConfigMap"): 2,
    ("", "Secret"): 2,
    ("", "PersistentVolume"): 2,
    ("", "PersistentVolumeClaim"): 2,
    ("networking.k8s.io", "NetworkPolicy"): 2,
    ("rbac.authorization.k8s.io", "ClusterRole"): 2,
    ("rbac.authorization.k8s.io", "Role"): 2,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): 2,
    # Whoever may not grant everything can bind a role only when it is there to be compared.
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): 3,
    ("rbac.authorization.k8s.io", "RoleBinding"): 3,
    ("", "Service"): 3,
}
_ORDINARY = 4
# These put somebody between the API server and its users: last, when that somebody has been made.
_LAST = {
    ("apiregistration.k8s.io", "APIService"): 5,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): 5,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): 5,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): 5,
}
NAMESPACES, CRDS = 0, 1
WAVES = range(6)


def wave(group: str, kind: str) -> int:
    """The wave of WAVES that a kind is made in; objects of one wave do not need each other."""
    return _FIRST.get((group, kind), _LAST.get((group, kind), _ORDINARY))
