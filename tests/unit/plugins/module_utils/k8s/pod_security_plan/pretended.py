# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of any version, for what the lab's own version does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

Object = Mapping[str, Any]


class PretendedCluster:
    """What a plan asks of a cluster, answered from plain data.

    psp: "" (not served), "off" or "on". labels: whether they count. policy_api: version of ValidatingAdmissionPolicy.
    refusal: what the dry runs are refused with instead. objects: {list path: objects}.
    """

    address = "https://cluster.example.com"
    requests = 0

    def __init__(
        self,
        minor: int,
        *,
        psp: str = "",
        labels: bool = False,
        policy_api: str = "",
        refusal: str = "",
        objects: Mapping[str, Sequence[Object]] | None = None,
        namespaces: Sequence[str] = ("shop", "kube-system"),
    ) -> None:
        self.version = Version(1, minor, f"v1.{minor}.0")
        self._psp, self._labels, self._policy_api, self._refusal = psp, labels, policy_api, refusal
        self._objects = {"/api/v1/namespaces": [{"metadata": {"name": name}} for name in namespaces], **(objects or {})}

    def get(self, path: str, *, query: object = None, accept: object = None) -> Any:
        """Discovery."""
        served = {
            "/apis/policy/v1beta1": ("PodSecurityPolicy", bool(self._psp)),
            f"/apis/admissionregistration.k8s.io/{self._policy_api}": ("ValidatingAdmissionPolicy", True),
        }
        kind, there = served.get(path, ("", False))
        if not there:
            raise ApiStatus(404, {}, f"GET {path}")
        return {"resources": [{"name": "things", "kind": kind, "namespaced": False, "verbs": []}]}

    def request(self, method: str, path: str, body: Any = None, *, query: Mapping[str, str]) -> Any:
        """Dry runs."""
        assert (method, query) == ("POST", {"dryRun": "All"})
        if self._refusal:
            raise ApiStatus(403, {"message": self._refusal}, path)
        if body["kind"] == "Namespace" and self._labels:
            message = 'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "no-level"'
            raise ApiStatus(422, {"message": message}, path)
        if body["kind"] == "Pod" and self._psp == "on":
            return {"metadata": {"annotations": {"kubernetes.io/psp": "some"}}}
        return {"metadata": {}}

    def pages(self, path: str, *, query: object = None, accept: object = None) -> Iterator[dict[str, Any]]:
        """Lists, in one page."""
        yield {"items": [dict(one) for one in self._objects.get(path, ())]}
