# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster has to enforce pod security with, told by what it does and not by its version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

_DRY_RUN = {"dryRun": "All"}
_PROBE = "bulkhead-probe"
_ADMITTED_BY = "kubernetes.io/psp"
_LABEL = "pod-security.kubernetes.io/enforce"
_ADMISSION = "admissionregistration.k8s.io"


@dataclass(frozen=True)
class Offer:
    """What there is. None: it could not be found out, for the reason in `unknown`.

    psp_served: PodSecurityPolicy objects can be stored. psp_enforced: a pod is judged by them. labels_enforced: the
    labels of namespaces count. policy_api: the version in which ValidatingAdmissionPolicy is served, "" for none.
    """

    psp_served: bool
    psp_enforced: bool | None
    labels_enforced: bool | None
    policy_api: str
    unknown: str = ""

    @property
    def best(self) -> str:
        """The backend to take: what is enforced, else what could be, else nothing ("")."""
        if self.psp_enforced:
            return "psp"
        if self.labels_enforced:
            return "labels"
        return "psp" if self.psp_served else ""

    def enforces(self, backend: str) -> bool:
        """Whether a backend is known to refuse pods here."""
        return bool(self.psp_enforced if backend == "psp" else self.labels_enforced)


def offer(cluster: Cluster, discovery: Discovery, namespace: str = "kube-system") -> Offer:
    """Ask the cluster, by dry runs that store nothing. namespace: where a pod is tried. Raises K8sError."""
    served = discovery.serves("policy/v1beta1", "PodSecurityPolicy")
    enforced, why_psp = _psp_enforced(cluster, namespace) if served else (False, "")
    labels, why_labels = _labels_enforced(cluster) if cluster.version.at_least(1, 22) else (False, "")
    versions = ("v1", "v1beta1")
    found = [one for one in versions if discovery.serves(f"{_ADMISSION}/{one}", "ValidatingAdmissionPolicy")]
    return Offer(served, enforced, labels, found[0] if found else "", why_psp or why_labels)


def _psp_enforced(cluster: Cluster, namespace: str) -> tuple[bool | None, str]:
    """A pod that admission has judged carries the name of the policy, or is refused in the name of all of them."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _PROBE},
        "spec": {"automountServiceAccountToken": False, "containers": [{"name": "probe", "image": "probe"}]},
    }
    try:
        answer = cluster.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod, query=_DRY_RUN)
    except ApiStatus as exc:
        return (True, "") if "PodSecurityPolicy" in str(exc) else _unknown(exc)
    return _ADMITTED_BY in (answer["metadata"].get("annotations") or {}), ""


def _labels_enforced(cluster: Cluster) -> tuple[bool | None, str]:
    """A namespace with a level that does not exist is refused where anybody reads the label."""
    namespace: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": _PROBE, "labels": {_LABEL: "no-level"}},
    }
    try:
        cluster.request("POST", "/api/v1/namespaces", namespace, query=_DRY_RUN)
    except ApiStatus as exc:
        return (True, "") if _LABEL in str(exc) else _unknown(exc)
    return False, ""


def _unknown(exc: K8sError) -> tuple[None, str]:
    return None, f"A dry run did not tell what is enforced: {exc}"
