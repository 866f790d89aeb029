# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of Anchore Engine: confined, reached by those who are declared, and made anew when they must be."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.objects import (
    engine_objects,
    kept_objects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import evaluate
from tests.unit.anchore_declaration import KEPT, declared

Object = dict[str, Any]
_COMPONENTS = ["analyzer", "api", "catalog", "db", "policy-engine", "simplequeue"]
_ELSEWHERE = {"own": False, "host": "192.0.2.9", "port": 5433, "sslmode": "verify-full"}


def _made(**more: Any) -> dict[tuple[str, str], Object]:
    return {(each["kind"], each["metadata"]["name"]): each for each in engine_objects(declared(**more))}


def _templates(made: dict[tuple[str, str], Object]) -> Iterator[Object]:
    yield from (
        each["spec"]["template"] for (kind, _name), each in made.items() if kind in ("Deployment", "StatefulSet")
    )


def _text(secret: Object, key: str) -> str:
    return base64.b64decode(secret["data"][key]).decode()


@pytest.mark.parametrize("version", ["v1.20", "v1.25", "latest"])
@pytest.mark.parametrize("storage", [{"size": "1Gi"}, {"ephemeral": True}])
def test_every_pod_is_restricted(version: str, storage: Object) -> None:
    templates = list(_templates(_made(internal_tls=True, storage=storage)))
    assert len(templates) == len(_COMPONENTS)
    for template in templates:
        assert evaluate(template["metadata"], template["spec"], "restricted", version) == []
        assert template["spec"]["automountServiceAccountToken"] is False
        assert template["spec"]["enableServiceLinks"] is False
        [container] = template["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("minor", [25, 30, 36])
@pytest.mark.parametrize("more", [{}, {"database": _ELSEWHERE, "internal_tls": True}, {"storage": {"ephemeral": True}}])
def test_api_servers_old_and_new_take_the_objects(minor: int, more: Object) -> None:
    objects = kept_objects(declared(**more)) + engine_objects(declared(**more))
    for one in objects:
        kubernetes_validate.validate(one, f"1.{minor}", strict=True)


def test_every_policy_and_every_service_selects_the_pods_of_its_component() -> None:
    made = _made()
    pods = {
        name: each["spec"]["template"] for (kind, name), each in made.items() if kind in ("Deployment", "StatefulSet")
    }
    assert sorted(pods) == [f"anchore-{component}" for component in _COMPONENTS]
    for kind, at in (("NetworkPolicy", ("podSelector", "matchLabels")), ("Service", ("selector",))):
        for name in pods:
            wanted: Any = made[kind, name]["spec"]
            for key in at:
                wanted = wanted[key]
            assert [pod for pod, each in pods.items() if wanted.items() <= each["metadata"]["labels"].items()] == [name]


def test_the_database_is_reached_by_the_services_alone_and_reaches_nobody() -> None:
    spec = _made()["NetworkPolicy", "anchore-db"]["spec"]
    [rule] = spec["ingress"]
    [peer] = rule["from"]
    assert "db" not in peer["podSelector"]["matchExpressions"][0]["values"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 5432}]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["egress"] == []


def test_the_api_is_for_declared_clients_and_does_not_go_out() -> None:
    made = _made()
    jenkins = declared()["api_clients"]
    assert [rule["from"] for rule in made["NetworkPolicy", "anchore-api"]["spec"]["ingress"]][1] == jenkins
    for component in ("catalog", "simplequeue", "analyzer", "policy-engine"):
        assert jenkins not in [
            rule["from"] for rule in made["NetworkPolicy", f"anchore-{component}"]["spec"]["ingress"]
        ]
    out = {
        component: declared()["egress"][0] in made["NetworkPolicy", f"anchore-{component}"]["spec"]["egress"]
        for component in ("api", "catalog", "simplequeue", "analyzer", "policy-engine")
    }
    assert [component for component, allowed in out.items() if allowed] == ["catalog", "analyzer", "policy-engine"]


def test_a_database_elsewhere_is_reached_by_its_address() -> None:
    made = _made(database=_ELSEWHERE)
    assert not [name for _kind, name in made if name.endswith("-db")]
    rule = {"to": [{"ipBlock": {"cidr": "192.0.2.9/32"}}], "ports": [{"protocol": "TCP", "port": 5433}]}
    assert rule in made["NetworkPolicy", "anchore-simplequeue"]["spec"]["egress"]
    named = _made(database={**_ELSEWHERE, "host": "db.example.com"})["NetworkPolicy", "anchore-simplequeue"]
    assert {"ports": rule["ports"]} in named["spec"]["egress"]


def test_secrets_are_in_secrets_alone_and_each_pod_sees_its_own() -> None:
    made = _made()
    plain = json.dumps([each for (kind, _name), each in made.items() if kind != "Secret"])
    for secret in (*KEPT.values(), "DB%2FPASS%3AWORD", "PRIVATE-KEY"):
        assert secret not in plain
        assert base64.b64encode(secret.encode()).decode() not in plain
    config = _text(made["Secret", "anchore-config"], "config.yaml")
    assert not [secret for secret in KEPT.values() if secret in config]
    assert _text(made["Secret", "anchore-db"], "password") == "DB/PASS:WORD"
    # In a URL, a password is quoted.
    assert "ANCHORE_DB_PASSWORD=DB%2FPASS%3AWORD\n" in _text(made["Secret", "anchore-env"], "anchore.env")
    seen = {
        name: {each["secret"]["secretName"] for each in pod["spec"]["template"]["spec"]["volumes"] if "secret" in each}
        for (kind, name), pod in made.items()
        if kind in ("Deployment", "StatefulSet")
    }
    assert seen.pop("anchore-db") == {"anchore-db"}
    assert {frozenset(names) for names in seen.values()} == {
        frozenset({"anchore-config", "anchore-env", "anchore-tls"})
    }


def test_what_services_read_at_their_start_makes_pods_anew_and_nothing_else_does() -> None:
    def digests(**more: Any) -> tuple[str, str]:
        made = _made(**more)
        service, database = made["Deployment", "anchore-api"], made["StatefulSet", "anchore-db"]
        one, other = (
            each["spec"]["template"]["metadata"]["annotations"]["bulkhead.io/anchore-digest"]
            for each in (service, database)
        )
        return one, other

    before = digests()
    assert digests(credentials={**KEPT, "admin_password": "another", "admin_password_next": "x"}) == before
    changed = digests(credentials={**KEPT, "db_password": "another"})
    assert changed[0] != before[0]
    assert changed[1] != before[1]
    for more in ({"log_level": "DEBUG"}, {"files": {"ca.pem": "CA", "cert.pem": "NEW", "key.pem": "NEW"}}):
        after = digests(**more)
        assert after[0] != before[0]
        assert after[1] == before[1]
    # Without the key, nobody can try out which password has this digest.
    assert digests(credentials={**KEPT, "digest_key": "another"})[1] != before[1]


def test_what_outlives_the_engine_is_a_set_of_its_own() -> None:
    kinds = [each["kind"] for each in kept_objects(declared())]
    assert kinds == ["Namespace", "Secret", "PersistentVolumeClaim"]
    assert not {"Namespace", "PersistentVolumeClaim"} & {kind for kind, _name in _made()}
    namespace = kept_objects(declared())[0]["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
    bare = kept_objects(declared(make_namespace=False, storage={"ephemeral": True}))
    assert [each["kind"] for each in bare] == ["Secret"]


def test_analyzers_are_the_only_ones_that_there_may_be_several_of() -> None:
    made = _made()
    replicas = {name: each["spec"]["replicas"] for (kind, name), each in made.items() if kind == "Deployment"}
    assert replicas.pop("anchore-analyzer") == 2
    assert set(replicas.values()) == {1}
    assert [name for kind, name in made if kind == "PodDisruptionBudget"] == ["anchore-analyzer"]
    assert not [name for kind, name in _made(analyzers=1) if kind == "PodDisruptionBudget"]


def test_the_catalog_alone_upgrades_the_database() -> None:
    made = _made()
    commands = {
        name: each["spec"]["template"]["spec"]["containers"][0]
        for (kind, name), each in made.items()
        if kind == "Deployment"
    }
    assert commands["anchore-catalog"]["args"] == ["anchore-manager", "service", "start", "catalog"]
    rest = [each["args"] for name, each in commands.items() if name != "anchore-catalog"]
    assert all("--no-auto-upgrade" in arguments for arguments in rest)


@pytest.mark.parametrize(
    ("internal", "schemes"),
    [(False, {"api": "HTTPS", "catalog": "HTTP"}), (True, {"api": "HTTPS", "catalog": "HTTPS"})],
)
def test_probes_speak_what_the_service_speaks(internal: bool, schemes: dict[str, str]) -> None:
    made = _made(internal_tls=internal)
    for component, scheme in schemes.items():
        container = made["Deployment", f"anchore-{component}"]["spec"]["template"]["spec"]["containers"][0]
        assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": "api", "scheme": scheme}


def test_a_given_secret_takes_the_place_of_the_certificate() -> None:
    made = _made(files={}, tls_secret="mine")
    assert ("Secret", "anchore-tls") not in made
    volumes = made["Deployment", "anchore-api"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "certificates", "secret": {"secretName": "mine", "defaultMode": 0o440}} in volumes
