# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CertificateSigningRequest object (certificates.k8s.io/v1) from its creation to its removal."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
# The field came with 1.22; before, the controller manager alone says how long a certificate is valid.
EXPIRATION_SINCE = (1, 22)
# Requests of ours, and the one credential that each is for: what an interrupted run left is found by it.
LABEL = "bulkhead.io/credential"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


@dataclass(frozen=True)
class Order:
    """What is asked for. `key` names the credential: see credential_key. `seconds` None leaves it to the signer."""

    key: str
    request_pem: str
    signer: str
    seconds: int | None
    wait: float


def credential_key(params: Mapping[str, Any]) -> str:
    """What tells one credential from every other: the host and file that it is for, and whose it is."""
    parts = [socket.gethostname(), params.get("path") or "", params["user"], *sorted(params.get("groups") or ())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def signed_certificate(cluster: Cluster, order: Order) -> str:
    """The certificate as PEM. The object that it took is removed again, whatever happens. Raises K8sError."""
    remove_leftovers(cluster, order.key)
    with _request_object(cluster, order) as name:
        _approve(cluster, name)
        return _wait(cluster, name, order.wait)


def remove_leftovers(cluster: Cluster, key: str) -> None:
    """Remove the requests for the same credential of runs that were cut off: nobody has their private keys."""
    found = cluster.get(REQUESTS, query={"labelSelector": f"{LABEL}={key}"})
    for item in found.get("items") or ():
        _remove(cluster, item["metadata"]["name"])


@contextlib.contextmanager
def _request_object(cluster: Cluster, order: Order) -> Iterator[str]:
    name = f"bulkhead-{order.key[:16]}-{secrets.token_hex(4)}"
    try:
        _create(cluster, name, order)
        yield name
    finally:
        with contextlib.suppress(K8sError):  # the next run for this credential removes it
            _remove(cluster, name)


def _create(cluster: Cluster, name: str, order: Order) -> None:
    spec: dict[str, Any] = {
        "request": base64.b64encode(order.request_pem.encode()).decode(),
        "signerName": order.signer,
        "usages": ["digital signature", "client auth"],
    }
    if order.seconds is not None and cluster.version.at_least(*EXPIRATION_SINCE):
        spec["expirationSeconds"] = order.seconds
    metadata = {"name": name, "labels": {LABEL: order.key}}
    body = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": metadata}
    cluster.request("POST", REQUESTS, {**body, "spec": spec})


def _approve(cluster: Cluster, name: str) -> None:
    path = f"{REQUESTS}/{quote(name, safe='')}"
    found = cluster.get(path)
    approved = {
        "type": "Approved",
        "status": "True",
        "reason": "BulkheadCredential",
        "message": "Approved by who asked for the credential, with bulkhead.container_security.k8s_credential",
    }
    status = found.get("status") or {}
    found["status"] = {**status, "conditions": [*(status.get("conditions") or ()), approved]}
    try:
        cluster.request("PUT", f"{path}/approval", found)
    except ApiStatus as exc:
        if exc.status != 403:
            raise
        raise K8sError(
            "The certificate request may not be approved with these credentials: that needs the verb update on"
            " certificatesigningrequests/approval, and the verb approve on the signer. The request was removed"
        ) from exc


def _wait(cluster: Cluster, name: str, seconds: float) -> str:
    """Poll until the signer has answered. A watch would hold a connection for what mostly takes a tenth of a second."""
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        status = cluster.get(f"{REQUESTS}/{quote(name, safe='')}").get("status") or {}
        if status.get("certificate"):
            return base64.b64decode(status["certificate"]).decode()
        _raise_for_refusal(status)
        if time.monotonic() + pause > deadline:
            raise K8sError(
                f"The certificate was not signed within {seconds:g} s: does the controller manager run, and has it"
                " the key of the authority (--cluster-signing-key-file)? The request was removed"
            )
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _raise_for_refusal(status: Mapping[str, Any]) -> None:
    for condition in status.get("conditions") or ():
        if condition.get("type") in ("Denied", "Failed"):
            said = condition.get("message") or condition.get("reason") or "no reason given"
            raise K8sError(f"The certificate request was {condition['type'].lower()}: {said}. It was removed")


def _remove(cluster: Cluster, name: str) -> None:
    try:
        cluster.request("DELETE", f"{REQUESTS}/{quote(name, safe='')}")
    except ApiStatus as exc:
        if exc.status != 404:
            raise
