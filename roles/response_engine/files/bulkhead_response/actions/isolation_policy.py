# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The NetworkPolicy that shuts off whoever has its label, and which other policies leave a gap in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bulkhead_response.actions.label_selector import selects
from bulkhead_response.actions.pod_target import Refused
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import object_path

API = "networking.k8s.io/v1"
LABEL = "bulkhead.io/isolated-by"
"""The label of an isolated pod. Its value is the name of the policy."""

_OURS = {"app.kubernetes.io/managed-by": "bulkhead-response"}
_NOT_FOUND = 404
_DNS = {
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


def policy_spec(name: str, allow_cidrs: Sequence[str], allow_dns: bool) -> dict[str, Any]:
    """Nothing in, nothing out, but to and from these networks, and DNS in kube-system where asked.

    Empty lists are left out, as the API server does, so that what is there can be compared.
    """
    blocks = [{"ipBlock": {"cidr": cidr}} for cidr in allow_cidrs]
    egress = [*([{"to": blocks}] if blocks else []), *([_DNS] if allow_dns else [])]
    return {
        "podSelector": {"matchLabels": {LABEL: name}},
        "policyTypes": ["Ingress", "Egress"],
        **({"ingress": [{"from": blocks}]} if blocks else {}),
        **({"egress": egress} if egress else {}),
    }


async def put_policy(
    kubernetes: KubernetesApi, namespace: str, name: str, spec: Mapping[str, Any], *, dry_run: bool
) -> bool:
    """Whether it had to be made or set right. Refused where somebody else's policy has the name."""
    path = object_path("networkpolicies", api=API, namespace=namespace, name=name)
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": _OURS}
    policy = {
        "apiVersion": API,
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": spec,
    }
    try:
        found = await kubernetes.get(path)
    except ApiError as error:
        if error.status != _NOT_FOUND:
            raise
        if not dry_run:
            await kubernetes.post(object_path("networkpolicies", api=API, namespace=namespace), policy)
        return True
    if not selects({"matchLabels": _OURS}, found["metadata"].get("labels") or {}):
        raise Refused(f"NetworkPolicy {namespace}/{name} belongs to somebody else; set another policy_name")
    if found.get("spec") == spec:
        return False
    if not dry_run:
        version = {"resourceVersion": found["metadata"]["resourceVersion"]}
        await kubernetes.put(path, {**policy, "metadata": {**metadata, **version}})
    return True


async def gaps(kubernetes: KubernetesApi, namespace: str, name: str, labels: Mapping[str, str]) -> list[str]:
    """The names of other policies that let something through to or from whoever has these labels.

    Policies add up: none of them can take back what another allows.
    """
    path = object_path("networkpolicies", api=API, namespace=namespace)
    return sorted(_gaps([item async for item in kubernetes.items(path)], name, labels))


def _gaps(policies: Iterable[Mapping[str, Any]], name: str, labels: Mapping[str, str]) -> Iterable[str]:
    for policy in policies:
        spec = policy.get("spec") or {}
        applies = policy["metadata"]["name"] != name and selects(spec.get("podSelector") or {}, labels)
        if applies and (spec.get("ingress") or spec.get("egress")):
            yield policy["metadata"]["name"]
