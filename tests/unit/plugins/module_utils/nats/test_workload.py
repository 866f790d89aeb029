# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of NATS on Kubernetes: confined, reached by those who are declared, and made anew when they must be."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config_syntax import parse_config
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.nkey import encode_public
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.workload import nats_objects

_HASH = "$2a$11$" + "a" * 53
_USER = {"name": "joe", "publish": ["a.>"], "subscribe": []}


def _workload(**more: Any) -> dict[str, Any]:
    server = {"accounts": [{"name": "A", "users": [_USER]}], "nkeys": {"joe": encode_public(b"\x01" * 32)}}
    return {
        "name": "nats",
        "namespace": "bus",
        "make_namespace": True,
        "replicas": 1,
        "image": "nats@sha256:x",
        "clients": [{"namespaceSelector": {}}],
        "server": server,
        "files": {"key.pem": "KEY"},
        **more,
    }


def _by_kind(**more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["kind"], each["metadata"]["name"]): each for each in nats_objects(_workload(**more))}


def _pod(**more: Any) -> dict[str, Any]:
    template: dict[str, Any] = _by_kind(**more)["StatefulSet", "nats"]["spec"]["template"]
    return template


def test_the_pod_may_nothing_that_it_does_not_need() -> None:
    spec = _pod(reloader_image="reloader:1")["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*spec["initContainers"], *spec["containers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_the_server_is_named_after_its_pod() -> None:
    text = _by_kind()["ConfigMap", "nats-config"]["data"]["nats.conf"]
    assert "server_name: $POD_NAME\n" in text
    assert parse_config(text)["tls"]["verify"] is True


def test_hashes_of_passwords_are_kept_in_a_secret() -> None:
    password = {**_USER, "auth": "password", "password_hash": _HASH}
    made = _by_kind(server={"accounts": [{"name": "A", "users": [password]}]})
    assert ("ConfigMap", "nats-config") not in made
    assert _HASH in base64.b64decode(made["Secret", "nats-config"]["data"]["nats.conf"]).decode()
    volumes = made["StatefulSet", "nats"]["spec"]["template"]["spec"]["volumes"]
    assert volumes[0]["secret"]["secretName"] == "nats-config"


def test_three_servers_find_each_other_and_are_kept_apart() -> None:
    made = _by_kind(replicas=3)
    config = parse_config(made["ConfigMap", "nats-config"]["data"]["nats.conf"])
    assert config["cluster"]["routes"][2] == "tls://nats-2.nats-headless.bus.svc:6222"
    assert made["Service", "nats-headless"]["spec"]["publishNotReadyAddresses"] is True
    assert made["PodDisruptionBudget", "nats"]["spec"]["maxUnavailable"] == 1
    affinity = made["StatefulSet", "nats"]["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    assert "requiredDuringSchedulingIgnoredDuringExecution" in affinity
    assert "affinity" not in _pod()


def test_only_declared_peers_connect() -> None:
    alone = _by_kind()["NetworkPolicy", "nats"]["spec"]
    assert alone["ingress"] == [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 4222, "protocol": "TCP"}]}]
    assert alone["egress"] == []
    watched = _by_kind(monitors=[{"podSelector": {}}], clients=[])["NetworkPolicy", "nats"]["spec"]
    assert [rule["ports"][0]["port"] for rule in watched["ingress"]] == [8222]
    assert len(_by_kind(replicas=3)["NetworkPolicy", "nats"]["spec"]["egress"]) == 2


@pytest.mark.parametrize("reloader", ["", "reloader:1"])
def test_pods_are_made_anew_unless_a_reload_is_enough(reloader: str) -> None:
    def digest(**more: Any) -> str:
        return str(_pod(reloader_image=reloader, **more)["metadata"]["annotations"]["bulkhead.io/nats-config"])

    server = _workload()["server"]
    limits = {**server, "limits": {"max_payload": "2MiB"}}
    start = {**server, "jetstream": {"max_file_store": "2GiB"}}
    assert (digest(server=limits) == digest()) is bool(reloader)
    assert (digest(files={"key.pem": "OTHER"}) == digest()) is bool(reloader)
    assert digest(server=start) != digest()


def test_messages_are_kept_in_a_claim_unless_they_may_be_lost() -> None:
    claim = _by_kind(storage={"size": "5Gi", "class": "fast"})["StatefulSet", "nats"]["spec"]["volumeClaimTemplates"][0]
    assert claim["spec"]["storageClassName"] == "fast"
    lost = _by_kind(storage={"ephemeral": True})["StatefulSet", "nats"]["spec"]
    assert "volumeClaimTemplates" not in lost
    assert lost["template"]["spec"]["volumes"][-1]["emptyDir"] == {"sizeLimit": "10Gi"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"image": ""}, "image is missing"),
        ({"replicas": 2}, "with 1, 3 or 5 servers"),
        ({"replica": 3}, "did you mean replicas?"),
    ],
)
def test_what_cannot_be_meant_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NatsError) as refused:
        nats_objects(_workload(**more))
    assert sentence in str(refused.value)
