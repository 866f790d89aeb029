# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the one subject of scope `cluster`: what holds for all of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.host import yaml_mapping
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

Facts = dict[str, Any]

# As kubeadm leaves it, with a KubeProxyConfiguration in the key config.conf.
_KUBE_PROXY = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"
_DEFAULT_METRICS = "127.0.0.1:10249"


def cluster_facts(cluster: Cluster) -> Facts:
    """{subject, version, kube_proxy, kube_proxy_metrics}: the latter null where kube-proxy is not configured so.

    Raises K8sError where the cluster does not answer.
    """
    facts: Facts = {"subject": {"kind": "cluster", "name": "cluster"}, "version": cluster.version.git, "unknown": {}}
    try:
        data = cluster.get(_KUBE_PROXY).get("data") or {}
    except ApiStatus as exc:
        if exc.status == 401:
            raise
        if exc.status != 404:
            facts["unknown"] = dict.fromkeys(("kube_proxy", "kube_proxy_metrics"), str(exc))
        return {**facts, "kube_proxy": False, "kube_proxy_metrics": None}
    configured = yaml_mapping(data.get("config.conf")).get("metricsBindAddress")
    return {**facts, "kube_proxy": True, "kube_proxy_metrics": str(configured or _DEFAULT_METRICS)}
