# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role clair on a real API server. Clair itself cannot run here, nor is there a node for it."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.clair]
"""
KEPT, CLAIR = "clair : Bring what outlives Clair", "clair : Bring Clair"


class ClairRole:
    """A cluster with the role to run on it, in a namespace of its own."""

    def __init__(self, cluster: Kubernetes, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace, self.folder = cluster, namespace, folder

    def role(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        playbook = self.folder / "play.yml"
        playbook.write_text(PLAY)
        own = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "namespace": self.namespace,
            "name": self.namespace,
            "wait": False,
        }
        variables = {f"clair_{name}": value for name, value in {**own, **options}.items()}
        return run_playbook(playbook, extra_vars=variables, check=check, diff=True)

    def get(self, kind: str, suffix: str) -> dict[str, Any]:
        name = f"{self.namespace}-{suffix}"
        text = self.cluster.kubectl("-n", self.namespace, "get", kind, name, "-o", "json", "--ignore-not-found")
        return dict(json.loads(text)) if text else {}

    def secret(self, suffix: str) -> dict[str, str]:
        data = self.get("secret", suffix).get("data", {})
        return {name: base64.b64decode(value).decode() for name, value in data.items()}


@pytest.fixture
def clair(k8s_api: Kubernetes, tmp_path: Path) -> Iterator[ClairRole]:
    name = f"clair-{uuid.uuid4().hex[:8]}"
    yield ClairRole(k8s_api, name, tmp_path)
    k8s_api.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


def shown(result: PlaybookResult) -> str:
    return result.stdout + result.stderr + json.dumps([task["result"] for task in result.tasks])


def test_clair_comes_keeps_its_secrets_and_goes(clair: ClairRole) -> None:
    assert clair.role(check=True).check().changed == [KEPT]
    assert clair.secret("credentials") == {}
    first = clair.role().check()
    kept = clair.secret("credentials")
    assert sorted(kept) == ["db_password", "digest_key", "psk"]
    config = json.loads(clair.secret("config")["config.yaml"])
    assert config["auth"]["psk"] == {"key": kept["psk"], "iss": ["bulkhead"]}
    assert f"password='{kept['db_password']}'" in config["matcher"]["connstring"]
    assert "notifier" not in config
    again = clair.role().check()
    assert again.changed == []
    assert clair.secret("credentials") == kept

    before = clair.get("deployment", "clair")["spec"]["template"]
    changed = clair.role(airgap=True, notifier={"webhook": {"target": "https://hook.example.com/t0ken"}}).check()
    assert changed.changed == [CLAIR]
    assert clair.get("deployment", "clair")["spec"]["template"] != before
    for run in (first, again, changed):
        for secret in (*kept.values(), "t0ken"):
            assert secret not in shown(run)
            assert base64.b64encode(secret.encode()).decode() not in shown(run)

    assert clair.role(state="absent").check().changed == ["clair : Take Clair away"]
    assert clair.get("deployment", "clair") == {}
    assert clair.secret("credentials") == kept
    gone = clair.role(state="absent", remove_data=True).check()
    assert gone.changed == ["clair : Take its data and secrets away"]


def test_what_cannot_be_meant_touches_nothing(clair: ClairRole) -> None:
    for options, says in (
        ({"require_digest": True}, "may be another image tomorrow"),
        ({"database_host": "192.0.2.1"}, "database_password is needed with database_host"),
        ({"psk": "no base64!"}, "psk must be base64"),
    ):
        stopped = clair.role(**options)
        assert stopped.rc != 0, says
        assert says in " ".join((stopped.stdout + stopped.stderr).split()), says
        assert clair.secret("credentials") == {}
