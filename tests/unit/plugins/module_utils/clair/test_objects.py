# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of Clair: confined, reached by those who are declared, and made anew when they must be."""

from __future__ import annotations

import base64
import json
from typing import Any

import kubernetes_validate
import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.config import config, kept_secrets
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.objects import (
    clair_objects,
    kept_objects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import evaluate
from tests.unit.clair_declaration import declared

Object = dict[str, Any]
PEER: Object = {"podSelector": {}}
ELSEWHERE = {"own": False, "host": "db.example.com", "port": 5433, "sslmode": "verify-full", "ca_secret": "db-ca"}


def made(**more: Any) -> dict[tuple[str, str], Object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in clair_objects(declared(**more))}


@pytest.mark.parametrize("version", ["v1.20", "v1.25", "latest"])
@pytest.mark.parametrize("more", [{}, {"tls_secret": "tls", "database": ELSEWHERE}, {"storage": {"ephemeral": True}}])
def test_every_pod_is_restricted(version: str, more: Object) -> None:
    objects = made(**more)
    templates = [each["spec"]["template"] for each in objects.values() if each["kind"] in ("Deployment", "StatefulSet")]
    assert len(templates) == (1 if "database" in more else 2)
    for template in templates:
        assert evaluate(template["metadata"], template["spec"], "restricted", version) == []
        assert template["spec"]["automountServiceAccountToken"] is False
        [container] = template["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("minor", [25, 30, 36])
@pytest.mark.parametrize(
    "more", [{}, {"database": ELSEWHERE, "tls_secret": "tls", "api_clients": [{"podSelector": {}}]}]
)
def test_api_servers_old_and_new_take_the_objects(minor: int, more: Object) -> None:
    for one in kept_objects(declared(**more)) + clair_objects(declared(**more)):
        kubernetes_validate.validate(one, f"1.{minor}", strict=True)


def test_secrets_stand_in_secrets_alone_and_a_new_one_makes_the_pods_anew() -> None:
    before, after = made(), made(secrets={"psk": "cHNr", "db_password": "OTHER", "digest_key": "KEY"})
    for (kind, _name), one in before.items():
        assert kind == "Secret" or "hush" not in json.dumps(one)
    for key in (("Deployment", "clair-clair"), ("StatefulSet", "clair-db")):
        assert before[key]["spec"]["template"] != after[key]["spec"]["template"]
    text = base64.b64decode(before["Secret", "clair-config"]["data"]["config.yaml"]).decode()
    assert "password='hush\\'quiet'" in json.loads(text)["indexer"]["connstring"]


def test_who_is_not_declared_does_not_get_in() -> None:
    assert made()["NetworkPolicy", "clair-clair"]["spec"]["ingress"] == []
    peer = {"podSelector": {"matchLabels": {"app": "ci"}}}
    [rule] = made(api_clients=[peer])["NetworkPolicy", "clair-clair"]["spec"]["ingress"]
    assert rule == {"from": [peer], "ports": [{"protocol": "TCP", "port": 6060}]}
    assert made()["NetworkPolicy", "clair-db"]["spec"]["egress"] == []


def test_the_configuration_says_what_is_declared() -> None:
    told = config(declared(airgap=True, updaters=["debian"], notifier={"webhook": {"target": "t"}}, tls_secret="tls"))
    assert told["matcher"]["disable_updaters"]
    assert told["indexer"]["airgap"]
    assert told["updaters"] == {"sets": ["debian"]}
    assert told["notifier"]["webhook"] == {"target": "t"}
    assert told["tls"]["key"] == "/etc/clair/tls/tls.key"
    over = config(declared(config={"matcher": {"period": "1h"}, "trace": {"name": "otlp"}, "log_level": "debug"}))
    assert over["matcher"]["period"] == "1h"
    assert over["matcher"]["migrations"]
    assert (over["trace"], over["log_level"]) == ({"name": "otlp"}, "debug")
    assert "sslrootcert='/etc/clair/database/ca.crt'" in config(declared(database=ELSEWHERE))["indexer"]["connstring"]


def test_what_is_declared_goes_before_what_is_kept_and_that_before_what_is_new() -> None:
    fresh = {"auth_secret": "new", "db_password": "new", "digest_key": "new"}
    kept = kept_secrets({}, fresh, {"psk": "", "db_password": ""})
    assert base64.b64decode(kept["psk"]) == b"new"
    assert kept_secrets(kept, {**fresh, "auth_secret": "newer", "db_password": "newer"}, {}) == kept
    assert kept_secrets(kept, fresh, {"psk": "b3du"})["psk"] == "b3du"
    for given, says in (({"psk": "no base64!"}, "psk must be base64"), ({"db_password": "a\nb"}, "one line")):
        with pytest.raises(ClairError, match=says):
            kept_secrets({}, fresh, given)
