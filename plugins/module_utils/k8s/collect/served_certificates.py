# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as they are served: by the API server, and by kubelets where these can be reached from here."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

Json = Mapping[str, Any]

_SECONDS = 2.0
_KUBELET_PORT = 10250
# Nodes are reachable all or none; these few tell which.
_FIRST = 3


def served(host: str, port: int, timeout: float = _SECONDS) -> str:
    """The certificate that a TLS server shows, as PEM. Nothing is sent but the handshake. Raises OSError."""
    context = ssl.create_default_context()
    # It is looked at, not trusted.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((host, port), timeout=timeout)
    with plain, context.wrap_socket(plain, server_hostname=host) as secure:
        data = secure.getpeercert(binary_form=True)
    if data is None:
        raise OSError("no certificate was shown")
    return ssl.DER_cert_to_PEM_cert(data)


def of_api_server(address: str) -> str:
    """What the API server at an URL serves, as PEM. Raises OSError."""
    url = urlsplit(address)
    if url.scheme != "https" or not url.hostname:
        raise OSError("it does not serve TLS")
    return served(url.hostname, url.port or 443)


def of_kubelets(nodes: Sequence[Json]) -> tuple[list[tuple[str, str]], list[str]]:
    """([(node, PEM)], [why a node's kubelet was not reached])."""
    pems, failures = _of_group(nodes[:_FIRST])
    rest = nodes[_FIRST:]
    if rest and not pems:
        return pems, [*failures, f"{len(rest)} more were not tried"]
    more_pems, more_failures = _of_group(rest)
    return pems + more_pems, failures + more_failures


def _of_group(nodes: Sequence[Json]) -> tuple[list[tuple[str, str]], list[str]]:
    pems: list[tuple[str, str]] = []
    failures: list[str] = []
    for node, answer in zip(nodes, in_parallel(_of_kubelet, nodes)):
        name = str(node["metadata"]["name"])
        if isinstance(answer, str):
            pems.append((name, answer))
        else:
            failures.append(f"{name}: {answer}")
    return pems, failures


def _of_kubelet(node: Json) -> str | OSError:
    status = node.get("status") or {}
    port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port") or _KUBELET_PORT
    failure = OSError("it has no address")
    for address in _addresses(status):
        try:
            return served(address, int(port))
        except OSError as exc:
            failure = exc
    return failure


def _addresses(status: Json) -> Iterator[str]:
    for kind in ("InternalIP", "ExternalIP"):
        for each in status.get("addresses") or ():
            if each.get("type") == kind:
                yield str(each.get("address"))
