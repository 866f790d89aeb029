# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A paged list of a real API server whose snapshot expires between two pages (410 Gone)."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.under_test import our_client


def test_a_list_goes_on_where_its_snapshot_has_expired(make_k8s: Callable[..., Kubernetes]) -> None:
    k8s = make_k8s("api")
    names = [f"paged-{number:02}" for number in range(6)]
    metadata = [{"name": name, "namespace": "default"} for name in names]
    k8s.kubectl_apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": each} for each in metadata])
    cluster = our_client(k8s.kubeconfig)
    pages = cluster.pages("/api/v1/namespaces/default/configmaps", limit=2)
    first = next(pages)
    # A later state, and nothing before it: the token of the first page now names a state that is gone.
    k8s.kubectl("label", "configmap", names[-1], "--namespace=default", "touched=yes")
    k8s.compact()
    asked = cluster.requests
    rest = list(pages)
    listed = [item["metadata"]["name"] for page in (first, *rest) for item in page["items"]]
    assert [name for name in listed if name.startswith("paged-")] == names, "nothing is lost, and nothing comes twice"
    assert cluster.requests - asked > len(rest), "one page was asked for twice: the server had answered 410"
    assert any(item["metadata"].get("labels") == {"touched": "yes"} for page in rest for item in page["items"])
