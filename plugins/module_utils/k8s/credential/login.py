# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster lets a credential in: the only test of a certificate or token that leaves nothing to guess."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.kubeconfig_file import (
    Held,
    kubeconfig_text,
    private_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

# Everybody whom the server knows may ask this about themselves, or is told 403; whom it does not know is told 401.
_QUESTION = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_ASKED = {
    "apiVersion": "authorization.k8s.io/v1",
    "kind": "SelfSubjectAccessReview",
    "spec": {"nonResourceAttributes": {"path": "/version", "verb": "get"}},
}
_PAUSE = 0.2


def lets_in(cluster: Cluster, params: Mapping[str, Any], held: Held, wait: float = 0.0) -> bool:
    """Whether the cluster knows who this is. A new token needs a moment: ask again for `wait` seconds.

    It is asked at the address that this run uses, whatever address the kubeconfig is for. Raises K8sError.
    """
    here = replace(held, server=cluster.address, ca=ca_text(cluster), insecure=not cluster.verifies, context="login")
    deadline = time.monotonic() + wait
    with private_file(kubeconfig_text(here, "login")) as path:
        login = connect(_only(params, path))
        try:
            while not _known(login):
                if time.monotonic() + _PAUSE > deadline:
                    return False
                time.sleep(_PAUSE)
            return True
        finally:
            login.close()


def ca_text(cluster: Cluster) -> str:
    """The authority by which the server is known, as PEM; empty for those that the system trusts."""
    if not cluster.ca_file:
        return ""
    with open(cluster.ca_file, encoding="utf-8") as file:
        return file.read()


def _known(login: Cluster) -> bool:
    try:
        login.request("POST", _QUESTION, _ASKED)
    except ApiStatus as exc:
        if exc.status == 401:
            return False
        if exc.status != 403:
            raise
    return True


def _only(params: Mapping[str, Any], kubeconfig: str) -> dict[str, Any]:
    """The way to the server that the user gave, without the identity that goes with it."""
    kept = {name: params[name] for name in ("timeout", "proxy_url") if params.get(name) is not None}
    return {"impersonate_groups": [], "validate_certs": None, **kept, "kubeconfig": kubeconfig}
