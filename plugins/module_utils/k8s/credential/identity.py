# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who this run is to the API server, as far as that can be found out: whoever that is must not be revoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import (
    certificate_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.token import token_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

# The question "who am I", with the release that made it v1; before, the credential itself is read.
_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_REVIEW_SINCE = (1, 28)


def own_names(cluster: Cluster, params: Mapping[str, Any]) -> set[str]:
    """The names by which the API server may know this run. Raises K8sError where there is no way to tell."""
    names = {str(params["impersonate_user"])} if params.get("impersonate_user") else set()
    if cluster.version.at_least(*_REVIEW_SINCE):
        return names | {_asked(cluster)}
    names |= _written(cluster)
    if not names:
        raise K8sError(
            f"Kubernetes {cluster.version.text} does not tell who this run is, and its credential does not say so:"
            " use a client certificate or the token of a ServiceAccount, so that nobody revokes themselves"
        )
    return names


def _asked(cluster: Cluster) -> str:
    try:
        answer = cluster.request(
            "POST", _REVIEW, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        )
    except ApiStatus as exc:
        raise K8sError(f"Who this run is cannot be found out, and it might revoke itself: {exc}") from exc
    return str(answer["status"]["userInfo"]["username"])


def _written(cluster: Cluster) -> set[str]:
    """The names in the client certificate and in the token of the connection."""
    names = set()
    if cluster.client_certificate_file:
        with open(cluster.client_certificate_file, encoding="utf-8") as file:
            names.add(certificate_from(file.read()).user)
    if cluster.bearer_token:
        try:
            names.add(token_from(cluster.bearer_token).user)
        except K8sError:
            return names
    return names
