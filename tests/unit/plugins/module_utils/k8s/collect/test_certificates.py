# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of every place that the API shows, each once."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect import (
    certificates,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.certificates import (
    CertificateCollector,
)
from tests.unit.listed_cluster import ListedCluster
from tests.unit.plugins.module_utils.k8s.credential.certificates import certificate

Object = dict[str, Any]
MAPS = "/api/v1/namespaces/kube-system/configmaps"
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
NODES = "/api/v1/nodes"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    return certificate(tmp_path_factory.mktemp("authority"), "/CN=authority", days=10)[0]


@pytest.fixture(autouse=True)
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this file opens a connection."""

    def refuse(_address: str) -> str:
        raise OSError("connection refused")

    monkeypatch.setattr(certificates, "of_api_server", refuse)


def encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()


def collector(lists: dict[str, Any], days_on: int = 0) -> CertificateCollector:
    cluster: Any = ListedCluster({NODES: [], **lists})
    return CertificateCollector(cluster, datetime.now(timezone.utc) + timedelta(days=days_on))


def webhook(bundle: str) -> Object:
    return {
        "metadata": {"name": "guard"},
        "webhooks": [{"name": "pods.guard.test", "clientConfig": {"caBundle": bundle}}],
    }


def test_one_certificate_in_three_places_is_one_subject(pem: str) -> None:
    data = {"client-ca-file": pem, "requestheader-client-ca-file": pem}
    service = {"metadata": {"name": "v1.test"}, "spec": {"caBundle": encoded(pem)}}
    lists = {f"{MAPS}/extension-apiserver-authentication": [{"data": data}], SERVICES: [service]}
    (found,) = collector(lists).collect()
    assert found["places"] == [
        "ConfigMap kube-system/extension-apiserver-authentication, client-ca-file",
        "ConfigMap kube-system/extension-apiserver-authentication, requestheader-client-ca-file",
        "APIService v1.test",
    ]
    assert (found["common_name"], found["issuer"], found["holds"]) == ("authority", "authority", True)
    assert found["days_left"] in (9, 10)


def test_a_bundle_of_several_is_told_apart(pem: str, tmp_path: Path) -> None:
    other = certificate(tmp_path, "/CN=other")[0]
    found = collector({HOOKS: [webhook(encoded(pem + other))]}).collect()
    place = "ValidatingWebhookConfiguration guard, pods.guard.test"
    assert [each["subject"]["name"] for each in found] == [f"{place}, authority", f"{place}, other"]


@pytest.mark.parametrize(("days_on", "holds"), [(0, True), (11, False)])
def test_it_holds_until_its_end(pem: str, days_on: int, holds: bool) -> None:
    (found,) = collector({HOOKS: [webhook(encoded(pem))]}, days_on).collect()
    assert found["holds"] is holds
    assert (found["days_left"] >= 0) is holds


@pytest.mark.parametrize("bundle", ["!!!", encoded("no certificate"), encoded("-----BEGIN CERTIFICATE-----\nAAAA\n")])
def test_what_is_no_certificate_is_said_to_be_none(bundle: str) -> None:
    (found,) = collector({HOOKS: [webhook(bundle)]}).collect()
    assert "guard" in found["unknown"]["days_left"]


def test_what_may_not_be_read_is_an_error_and_the_rest_goes_on(pem: str) -> None:
    collecting = collector({SERVICES: 403, HOOKS: [webhook(encoded(pem))]})
    assert len(collecting.collect()) == 1
    assert "may not be read" in collecting.errors[0]
    assert "connection refused" in collecting.unseen[0]


def test_kubelets_that_cannot_be_reached_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(host: str, _port: int, timeout: float = 0) -> str:
        del timeout
        tried.append(host)
        raise OSError("no route to host")

    monkeypatch.setattr(
        "ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.served_certificates.served",
        refuse,
    )
    address = {"type": "InternalIP", "address": "192.0.2.1"}
    nodes = [{"metadata": {"name": f"node{number}"}, "status": {"addresses": [address]}} for number in range(100)]
    collecting = collector({NODES: nodes})
    assert collecting.collect() == []
    assert len(tried) == 3
    assert "no route to host" in collecting.unseen[-1]


def test_certificates_of_files_come_on_top(pem: str) -> None:
    cluster: Any = ListedCluster({NODES: []})
    places = [("file /pki/ca.crt", pem), ("kubeconfig /etc/kc", "")]
    collecting = CertificateCollector(cluster, datetime.now(timezone.utc), lambda: iter(places))
    whole, broken = collecting.collect()
    assert (whole["subject"]["name"], whole["holds"]) == ("file /pki/ca.crt", True)
    assert "kubeconfig /etc/kc" in broken["unknown"]["holds"]
