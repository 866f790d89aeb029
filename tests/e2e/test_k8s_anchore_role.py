# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role anchore, by its playbook, on a real API server. Neither the engine nor a node is there."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.anchore.contract import fault_of_request
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes
from tests.unit.scripted_http import Asked, Reply, scripted_http
from tests.unit.small_engine import SmallEngine

KEPT, ENGINE = "anchore : Bring what outlives the engine", "anchore : Bring the engine"


class Anchore:
    """A cluster with the role to run on it, in a namespace of its own."""

    def __init__(self, cluster: Kubernetes, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace, self.folder = cluster, namespace, folder

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        own = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "namespace": self.namespace,
            "name": self.namespace,
            "pki_dir": str(self.folder / "pki"),
            "wait": False,
            # The lab's API server is older than this version of the budget.
            "budget_version": "policy/v1beta1",
        }
        variables = {f"anchore_{name}": value for name, value in {**own, **options}.items()}
        inventory: dict[str, Any] = {"anchore_clusters": {"hosts": {"lab": {}}}}
        return run_playbook("deploy_anchore.yml", inventory=inventory, extra_vars=variables, check=check, diff=True)

    def get(self, kind: str, suffix: str) -> dict[str, Any]:
        name = f"{self.namespace}-{suffix}"
        text = self.cluster.kubectl("-n", self.namespace, "get", kind, name, "-o", "json", "--ignore-not-found")
        return dict(json.loads(text)) if text else {}

    def secrets(self) -> dict[str, str]:
        data = self.get("secret", "credentials").get("data", {})
        return {name: base64.b64decode(value).decode() for name, value in data.items()}


@pytest.fixture
def anchore(k8s_api: Kubernetes, tmp_path: Path) -> Iterator[Anchore]:
    name = f"anchore-{uuid.uuid4().hex[:8]}"
    yield Anchore(k8s_api, name, tmp_path)
    k8s_api.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


def shown(result: PlaybookResult) -> str:
    """All that a user, a log or a callback sees of a run, but for what no_log hides."""
    return result.stdout + result.stderr + json.dumps([task["result"] for task in result.tasks])


def test_the_engine_comes_keeps_its_secrets_and_goes(anchore: Anchore) -> None:
    assert anchore.role(check=True).check().changed
    assert anchore.secrets() == {}
    first = anchore.role(analyzers=2).check()
    assert "reached its end of life in 2023" in first.stdout
    assert "Pin by its digest: docker.io/anchore/anchore-engine:v1.1.0" in first.stdout
    kept = anchore.secrets()
    assert sorted(kept) == ["admin_password", "auth_secret", "db_password", "digest_key"]
    assert anchore.get("deployment", "analyzer")["spec"]["replicas"] == 2
    assert anchore.get("poddisruptionbudget", "analyzer")
    assert anchore.get("secret", "tls")["data"]["key.pem"]
    # A second run changes nothing, and so keeps the secrets.
    again = anchore.role(analyzers=2).check()
    assert again.changed == []
    assert anchore.secrets() == kept

    # Another configuration makes the services anew, and shows no secret. What is no longer declared goes.
    before = anchore.get("deployment", "catalog")["spec"]["template"]
    predicted = anchore.role(check=True, log_level="DEBUG", database_password="declared-by-the-user").check()
    assert predicted.changed == [KEPT, ENGINE]
    assert anchore.get("deployment", "catalog")["spec"]["template"] == before
    changed = anchore.role(log_level="DEBUG").check()
    assert changed.changed == [ENGINE]
    assert anchore.get("deployment", "catalog")["spec"]["template"] != before
    assert anchore.get("poddisruptionbudget", "analyzer") == {}
    key = base64.b64decode(anchore.get("secret", "tls")["data"]["key.pem"]).decode().splitlines()[1]
    for run in (first, again, predicted, changed):
        for secret in (*kept.values(), "declared-by-the-user", key):
            assert secret not in shown(run)
            assert base64.b64encode(secret.encode()).decode() not in shown(run)

    # The data and the secrets outlive the engine, until they are to go, too.
    assert anchore.role(state="absent").check().changed == ["anchore : Take the engine away"]
    assert anchore.get("deployment", "api") == {}
    assert anchore.get("persistentvolumeclaim", "db")
    assert anchore.secrets() == kept
    assert anchore.role(state="absent", remove_data=True).check().changed == [
        "anchore : Take its data and secrets away"
    ]


def test_what_cannot_be_meant_touches_nothing(anchore: Anchore) -> None:
    for options, says in (
        ({"rotate_credentials": True}, "anchore_rotate_credentials needs anchore_url"),
        ({"require_digest": True}, "may be another image tomorrow"),
        (
            {"database_host": "192.0.2.1", "database_sslmode": "require"},
            "database_password is needed with database_host",
        ),
    ):
        stopped = anchore.role(**options)
        assert stopped.rc != 0, says
        assert says in " ".join((stopped.stdout + stopped.stderr).split()), says
        assert anchore.secrets() == {}


class Engine(SmallEngine):
    """One that lets in those who have the password, which it may take and not say so."""

    password, silent = "", False

    def __call__(self, asked: Asked) -> Reply:
        """The answer to one request."""
        token = base64.b64encode(f"admin:{self.password}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {token}":
            return Reply(401, {"message": "Unauthorized"})
        if asked.path.startswith("/v1/user"):
            path = asked.path.removeprefix("/v1")
            operation, breach = fault_of_request(asked.method, path, {}, asked.headers, asked.body)
            if breach or not operation:
                return Reply(400, {"message": breach})
        if asked.path == "/v1/user/credentials":
            self.password = asked.body["value"]
            return Reply(raw=b"") if self.silent else Reply(value={"type": "password"})
        return Reply(value={"username": "admin"}) if asked.path == "/v1/user" else super().__call__(asked)


def test_a_rotation_that_breaks_off_is_finished_by_the_next_run(anchore: Anchore) -> None:
    anchore.role().check()
    before, engine = anchore.secrets(), Engine()
    untold = anchore.role(admin_password="declared-since")
    assert "which needs anchore_url" in " ".join(untold.stdout.split())
    assert anchore.secrets() == before
    engine.password = before["admin_password"]
    registry = {"registry": "registry.example.com", "username": "puller", "password": "pull-password"}
    with scripted_http(engine) as server:
        access: dict[str, Any] = {"url": server.url, "registries": [registry]}
        # The engine takes the password, and the answer is lost.
        engine.silent = True
        broken = anchore.role(rotate_credentials=True, **access)
        assert broken.rc != 0
        assert "did not take its next password (it answered -1). Both passwords are kept." in " ".join(
            broken.stdout.split()
        )
        pending = anchore.secrets()
        assert pending["admin_password"] == before["admin_password"]
        assert engine.password == pending["admin_password_next"] != before["admin_password"]
        assert pending["db_password"] != before["db_password"]
        engine.silent = False

        finished = anchore.role(**access).check()
        after = anchore.secrets()
        assert after["admin_password"] == engine.password
        assert "admin_password_next" not in after
        assert after["db_password"] == pending["db_password"]
        assert [record["active"] for record in engine.policies.values()] == [True]
        assert list(engine.policies) == ["bulkhead-workshop"]
        assert engine.registries["registry.example.com"]["registry_pass"] == "pull-password"
        assert anchore.role(**access).check().changed == []

        rotated = anchore.role(rotate_credentials=True, **access).check()
        assert engine.password == anchore.secrets()["admin_password"] != after["admin_password"]
    for run in (broken, finished, rotated):
        for secret in (*before.values(), *after.values(), engine.password, "pull-password"):
            assert secret not in shown(run)
