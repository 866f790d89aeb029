# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scope `certificate`: every one that the API shows, that is served, or that is used here.

The Secrets that hold certificates are not read. A certificate that stands in several places is one subject.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.kubelets import list_nodes
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.served_certificates import (
    of_api_server,
    of_kubelets,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential.certificate import (
    Certificate,
    certificate_from,
    stamp,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

Facts = dict[str, Any]
Json = Mapping[str, Any]
# (place, PEM text)
Found = Iterator[tuple[str, str]]

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_CONFIG_MAPS = (
    ("kube-system", "extension-apiserver-authentication", ("client-ca-file", "requestheader-client-ca-file")),
    ("kube-system", "kube-root-ca.crt", ("ca.crt",)),
)
_HOOKS = "/apis/admissionregistration.k8s.io/v1"
_WEBHOOKS = {
    "ValidatingWebhookConfiguration": f"{_HOOKS}/validatingwebhookconfigurations",
    "MutatingWebhookConfiguration": f"{_HOOKS}/mutatingwebhookconfigurations",
}
_OF_FACTS = ("holds", "days_left", "not_before", "not_after", "common_name", "issuer")


class CertificateCollector:
    """One pass over the places. `errors` are sentences of those that may not be read, `unseen` of unreached ones."""

    def __init__(self, cluster: Cluster, now: datetime, more: Callable[[], Found] = lambda: iter(())) -> None:
        """more: certificates of other places, as the host of a control plane has them."""
        self.errors: list[str] = []
        self.unseen: list[str] = []
        self._cluster = cluster
        self._now = now
        self._more = more
        self._by_fingerprint: dict[str, Facts] = {}

    def collect(self) -> list[Facts]:
        """The subjects: {subject, places, common_name, issuer, not_before, not_after, days_left, holds}."""
        subjects: list[Facts] = []
        for source in (self._served, self._own, self._config_maps, self._webhooks, self._services, self._resources):
            subjects += self._of(source)
        return subjects + self._of(self._requests) + self._of(self._kubelets) + self._of(self._more)

    def _of(self, source: Callable[[], Found]) -> list[Facts]:
        found: list[Facts] = []
        try:
            for place, text in source():
                found += self._subjects(place, text)
        except ApiStatus as exc:
            if exc.status == 401:
                raise
            self.errors.append(str(exc))
        return found

    def _subjects(self, place: str, text: str) -> Iterator[Facts]:
        blocks = _PEM.findall(text) or [text]
        for block in blocks:
            try:
                certificate = certificate_from(block)
            except K8sError as exc:
                reason = f"{place}: {exc}"
                yield {"subject": {"kind": "certificate", "name": place}, "unknown": dict.fromkeys(_OF_FACTS, reason)}
                continue
            known = self._by_fingerprint.get(certificate.fingerprint)
            if known is not None:
                known["places"].append(place)
                continue
            name = place if len(blocks) == 1 else f"{place}, {certificate.user or certificate.fingerprint[:12]}"
            facts = certificate_facts(name, place, certificate, self._now)
            self._by_fingerprint[certificate.fingerprint] = facts
            yield facts

    def _served(self) -> Found:
        try:
            yield "API server, served", of_api_server(self._cluster.address)
        except OSError as exc:
            self.unseen.append(f"The certificate of {self._cluster.address} was not seen from here: {exc}")

    def _own(self) -> Found:
        for place, path in (
            ("client certificate of this audit", self._cluster.client_certificate_file),
            ("authority by which this audit knows the API server", self._cluster.ca_file),
        ):
            text = _text(path) if path else None
            if text:
                yield place, text

    def _config_maps(self) -> Found:
        for namespace, name, keys in _CONFIG_MAPS:
            data = self._get(f"/api/v1/namespaces/{namespace}/configmaps/{name}").get("data") or {}
            for key in keys:
                if data.get(key):
                    yield f"ConfigMap {namespace}/{name}, {key}", str(data[key])

    def _webhooks(self) -> Found:
        for kind, path in _WEBHOOKS.items():
            for item in self._list(path):
                for webhook in item.get("webhooks") or ():
                    bundle = (webhook.get("clientConfig") or {}).get("caBundle")
                    yield from _bundle(f"{kind} {_name(item)}, {webhook.get('name')}", bundle)

    def _services(self) -> Found:
        for item in self._list("/apis/apiregistration.k8s.io/v1/apiservices"):
            yield from _bundle(f"APIService {_name(item)}", (item.get("spec") or {}).get("caBundle"))

    def _resources(self) -> Found:
        for item in self._list("/apis/apiextensions.k8s.io/v1/customresourcedefinitions"):
            webhook = ((item.get("spec") or {}).get("conversion") or {}).get("webhook") or {}
            bundle = (webhook.get("clientConfig") or {}).get("caBundle")
            yield from _bundle(f"CustomResourceDefinition {_name(item)}, conversion", bundle)

    def _requests(self) -> Found:
        version = "v1" if self._cluster.version.at_least(1, 19) else "v1beta1"
        for item in self._list(f"/apis/certificates.k8s.io/{version}/certificatesigningrequests"):
            place = f"CertificateSigningRequest {_name(item)}"
            yield from _bundle(place, (item.get("status") or {}).get("certificate"))

    def _kubelets(self) -> Found:
        pems, failures = of_kubelets(list_nodes(self._cluster))
        if failures:
            count = len(failures)
            self.unseen.append(f"Serving certificates of kubelets were not seen from here ({count}): {failures[0]}")
        for node, pem in pems:
            yield f"kubelet {node}, served", pem

    def _list(self, path: str) -> Iterator[Json]:
        """Whole objects; none of a kind that the cluster does not serve."""
        try:
            # A CustomResourceDefinition may be a megabyte.
            for page in self._cluster.pages(path, limit=50):
                yield from page.pop("items", None) or ()
        except ApiStatus as exc:
            if exc.status != 404:
                raise

    def _get(self, path: str) -> Json:
        try:
            found: Json = self._cluster.get(path)
        except ApiStatus as exc:
            if exc.status != 404:
                raise
            return {}
        return found


def certificate_facts(name: str, place: str, certificate: Certificate, now: datetime) -> Facts:
    """The facts of one certificate, and how long it holds from `now` on."""
    return {
        "subject": {"kind": "certificate", "name": name},
        "places": [place],
        "common_name": certificate.user,
        "issuer": certificate.issuer,
        "not_before": stamp(certificate.not_before),
        "not_after": stamp(certificate.not_after),
        "days_left": (certificate.not_after - now).days,
        "holds": certificate.not_before <= now <= certificate.not_after,
        "unknown": {},
    }


def _name(item: Json) -> str:
    return str((item.get("metadata") or {}).get("name"))


def _bundle(place: str, encoded: Any) -> Found:
    """What stands in base64 in an object; nothing where nothing stands there."""
    if encoded:
        try:
            yield place, base64.b64decode(str(encoded)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            yield place, ""


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None
