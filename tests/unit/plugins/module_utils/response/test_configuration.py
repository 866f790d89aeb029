# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration names files where the engine finds them, holds no secret, and is one that the engine takes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.response.configuration import (
    engine_configuration,
    secret_files,
)
from bulkhead_response import config

NATS = {"servers": ["tls://nats:4222"], "ca_file": "/home/me/ca.crt", "nkey_seed_file": "/home/me/seed"}
SLACK = {"notify": "slack", "params": {"url_file": "/etc/respond/secrets/slack"}}
INGEST = {"cert_file": "/home/me/c", "key_file": "/home/me/k", "token_file": "/home/me/t"}


def options(**more: Any) -> dict[str, Any]:
    return {
        "backend": "deployment",
        "name": "respond",
        "namespace": "engine",
        "nats": NATS,
        "health_port": 8080,
        **more,
    }


def test_a_pod_speaks_to_its_cluster_as_itself() -> None:
    made = engine_configuration(options(allowed_namespaces=["shop"], dry_run=True))
    assert made["nats"] == {
        "servers": ["tls://nats:4222"],
        "ca_file": "/etc/respond/secrets/nats-ca.crt",
        "nkey_seed_file": "/etc/respond/secrets/nats.seed",
        "name": "respond",
    }
    assert made["kubernetes"]["server"] == "https://kubernetes.default.svc"
    assert made["kubernetes"]["token_file"] == "/var/run/secrets/kubernetes.io/serviceaccount/token"
    assert made["record"] == {"log_file": "-"}
    assert (made["docker"], made["ingest"], made["health"]) == (None, None, {"listen": "0.0.0.0:8080"})
    assert secret_files(options()) == {"nats-ca.crt": "/home/me/ca.crt", "nats.seed": "/home/me/seed"}
    assert config.read(made).dry_run


def test_a_host_speaks_to_docker_and_to_no_cluster_unless_told() -> None:
    made = engine_configuration(options(backend="host", docker_socket="/run/docker.sock", ingest=INGEST))
    assert made["docker"] == {"socket": "/run/docker.sock"}
    assert made["kubernetes"] is None
    assert made["record"] == {"log_file": "/var/log/respond/decisions.jsonl"}
    assert made["ingest"]["listen"] == "0.0.0.0:2801"
    assert made["ingest"]["token_file"] == "/etc/respond/secrets/ingest.token"
    assert config.read(made).docker
    told = {"server": "https://api:6443", "cert_file": "/home/me/k.crt", "key_file": "/home/me/k.key"}
    assert engine_configuration(options(backend="host", kubernetes=told))["kubernetes"] == {
        "server": "https://api:6443",
        "cert_file": "/etc/respond/secrets/kubernetes.crt",
        "key_file": "/etc/respond/secrets/kubernetes.key",
    }


def test_a_certificate_takes_the_place_of_the_token_of_the_pod() -> None:
    made = engine_configuration(options(kubernetes={"cert_file": "/c", "key_file": "/k"}))
    assert "token_file" not in made["kubernetes"]
    assert made["kubernetes"]["ca_file"] == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"


def test_a_function_needs_no_nats_and_listens_nowhere() -> None:
    made = engine_configuration(options(backend="kubeless", nats={}))
    assert (made["nats"], made["health"], made["ingest"]) == (None, None, None)
    assert config.read(made).nats is None


def test_one_alert_on_the_controller_needs_neither_nats_nor_a_cluster() -> None:
    made = engine_configuration(options(backend="once", nats={}, health_port=0))
    assert (made["nats"], made["kubernetes"], made["health"]) == (None, None, None)


def test_files_of_the_user_are_delivered_under_their_names() -> None:
    rules = [{"name": "r", "steps": [SLACK]}]
    given = options(secrets={"slack": "/home/me/slack"}, rules=rules)
    assert secret_files(given)["slack"] == "/home/me/slack"
    assert config.read(engine_configuration(given)).rules[0].steps[0].params == SLACK["params"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"nats": {}}, r"response_engine_nats\.servers is needed"),
        ({"docker_socket": "/run/docker.sock"}, "a pod with the socket of its node owns the node"),
        ({"backend": "kubeless", "ingest": INGEST}, "a Function of Kubeless has no ingest"),
        ({"rules": [{"name": "r", "steps": [SLACK]}]}, "rules name secrets that .* does not have: slack"),
        ({"secrets": {"../x": "/home/me/x"}}, "a file cannot be called '../x'"),
        ({"secrets": {"nats.seed": "/home/me/x"}}, "a file cannot be called 'nats.seed', or is called so already"),
    ],
)
def test_what_does_not_fit(more: dict[str, Any], message: str) -> None:
    with pytest.raises(K8sError, match=message):
        engine_configuration(options(**more))


def test_evidence_needs_a_place_where_a_pod_can_keep_it() -> None:
    rules = [{"name": "keep", "steps": [{"action": "capture_evidence", "params": {"folder": "/evidence/shop"}}]}]
    with pytest.raises(K8sError, match="nothing can be kept in /evidence/shop: mount a volume"):
        engine_configuration(options(rules=rules, volume_mounts=[{"name": "other", "mountPath": "/evid"}]))
    mounted = options(rules=rules, volume_mounts=[{"name": "evidence", "mountPath": "/evidence/"}])
    assert engine_configuration(mounted)["rules"] == rules
    assert engine_configuration(options(backend="host", rules=rules))["rules"] == rules, "a host has its own folders"
