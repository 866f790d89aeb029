# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Admission plugins: in which releases each exists, and what one needs or breaks."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import Release
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import FlagProblem

_ALWAYS = """
    AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction
    DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds EventRateLimit ExtendedResourceToleration
    ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger MutatingAdmissionWebhook NamespaceAutoProvision
    NamespaceExists NamespaceLifecycle NodeRestriction OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize
    PodNodeSelector PodTolerationRestriction Priority ResourceQuota RuntimeClass ServiceAccount
    StorageObjectInUseProtection TaintNodesByCondition ValidatingAdmissionWebhook"""

_SPANS: dict[str, tuple[Release, Release]] = {
    **dict.fromkeys(_ALWAYS.split(), ((0, 0), (99, 0))),
    "ClusterTrustBundleAttest": ((1, 27), (99, 0)),
    "DenyEscalatingExec": ((0, 0), (1, 21)),
    "DenyExecOnPrivileged": ((0, 0), (1, 21)),
    "DenyServiceExternalIPs": ((1, 21), (99, 0)),
    "MutatingAdmissionPolicy": ((1, 32), (99, 0)),
    "PersistentVolumeLabel": ((0, 0), (1, 31)),
    "PodSecurity": ((1, 22), (99, 0)),
    "PodSecurityPolicy": ((0, 0), (1, 25)),
    "PodTopologyLabels": ((1, 33), (99, 0)),
    "SecurityContextDeny": ((0, 0), (1, 30)),
    "ValidatingAdmissionPolicy": ((1, 26), (99, 0)),
}
"""The first release with the plugin, and the first without it."""

CONFIGURED = frozenset({"EventRateLimit", "ImagePolicyWebhook"})
"""Plugins without a default configuration: the API server does not start with them unless a file configures them."""


def check_plugins(names: Iterable[str], release: Release) -> None:
    """FlagProblem for a plugin that a server of this release does not have; it would not start with it."""
    text = ".".join(map(str, release))
    for name in names:
        if name not in _SPANS:
            raise FlagProblem(f"There is no admission plugin {name}; names are written like NodeRestriction")
        first, gone = _SPANS[name]
        if release < first:
            raise FlagProblem(
                f"The admission plugin {name} exists from {'.'.join(map(str, first))} on, and this server is {text}"
            )
        if release >= gone:
            raise FlagProblem(
                f"The admission plugin {name} was removed in {'.'.join(map(str, gone))}, and this server is {text}"
            )
