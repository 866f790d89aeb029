# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect API server, controller manager, scheduler and etcd, by the flags of their static Pods or processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster, Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.command_line import (
    flags_of,
    program_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.options import (
    SCOPES,
    component_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.pods import component_argvs

Facts = dict[str, Any]
Json = Mapping[str, Any]

_PODS = "/api/v1/namespaces/kube-system/pods"
CONTROL_PLANE_SCOPES = tuple(SCOPES.values())


@dataclass(frozen=True)
class Component:
    """One running component: its command line, and who it is in findings."""

    argv: tuple[str, ...]
    subject: Mapping[str, str]

    @property
    def program(self) -> str:
        """kube-apiserver and the like."""
        return program_of(self.argv)


def components_in_pods(cluster: Cluster) -> list[Component]:
    """The components that run as Pods in kube-system. Raises K8sError."""
    found: list[Component] = []
    for page in cluster.pages(_PODS):
        for pod in page.get("items") or ():
            found += _of_pod(pod)
    return found


def _of_pod(pod: Json) -> Iterable[Component]:
    metadata = pod.get("metadata") or {}
    subject = {"kind": "Pod", "name": str(metadata.get("name")), "namespace": "kube-system"}
    return [Component(argv, subject) for argv in component_argvs(metadata, pod.get("spec") or {})]


def control_plane_subjects(components: Sequence[Component], version: Version) -> dict[str, list[Facts]]:
    """Subjects by scope, of the scopes that something was found of."""
    found: dict[str, list[Facts]] = {}
    for component in components:
        if component.program in SCOPES:
            facts = component_facts(component.program, flags_of(component.argv), (version.major, version.minor))
            found.setdefault(SCOPES[component.program], []).append({"subject": dict(component.subject), **facts})
    authority = next((facts["client_ca_file"] for facts in found.get("api_server", ())), None)
    for facts in found.get("etcd", ()):
        facts["api_client_ca_file"] = authority
    return found


def unseen_reason(scope: str) -> str:
    """Why nothing is known of a part of the control plane that is in no Pod."""
    program = next(name for name, of in SCOPES.items() if of == scope)
    return (
        f"No Pod in kube-system runs {program}: the cluster is managed by somebody else, or its control plane does "
        "not run in Pods. Where it runs on the audited host, set control_plane."
    )
