# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role anchore brings through the API, held against the specification of the engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.anchore.server import PASSWORD, AnchoreServer, anchore_server
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import REPOSITORY

# The part of the role that comes once the engine runs.
PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    __anchore_info:
      stored: {{admin_password: {password}, db_password: x, auth_secret: x, digest_key: x}}
      fresh: {{admin_password: x, db_password: x, auth_secret: x, digest_key: x}}
  tasks:
    - ansible.builtin.include_role:
        name: bulkhead.container_security.anchore
        tasks_from: configure.yml
"""
REGISTRY = {"registry": "registry.example.com", "username": "puller", "password": "pull-password", "validate": False}
SUBSCRIPTION = {"key": "docker.io/library/nginx:1.27", "types": ["tag_update"]}


def configure(server: AnchoreServer, folder: Path, **options: Any) -> PlaybookResult:
    playbook = folder / "play.yml"
    playbook.write_text(PLAY.format(password=PASSWORD))
    own = {"url": server.url, "ca_path": str(server.ca_file), "tls_secret": "given"}
    variables = {f"anchore_{name}": value for name, value in {**own, **options}.items()}
    return run_playbook(playbook, extra_vars=variables, diff=True)


def test_registries_policies_and_subscriptions_are_brought_once(tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    baseline = json.loads((REPOSITORY / "roles/anchore/files/policies/baseline.json").read_text())
    mine.write_text(json.dumps({**baseline, "id": "mine"}))
    options: dict[str, Any] = {
        "registries": [REGISTRY],
        "policies": [{"library": "strict", "active": True}, {"path": str(mine)}],
        "subscriptions": [SUBSCRIPTION],
        "feeds_wait": 10,
    }
    with anchore_server() as server:
        first = configure(server, tmp_path, **options).check()
        assert first.changed == [f"anchore : Bring {what}" for what in ("registries", "policies", "subscriptions")]
        assert ("GET", "/system/feeds") in server.requests
        writes = [request for request in server.requests if request[0] != "GET"]
        assert [path for method, path in writes if method == "POST"] == [
            "/registries",
            "/policies",
            "/policies",
            "/subscriptions",
        ]
        again = configure(server, tmp_path, **options).check()
        assert again.changed == []
        assert [request for request in server.requests if request[0] != "GET"] == writes
    for run in (first, again):
        for secret in (PASSWORD, "pull-password"):
            assert secret not in run.stdout + run.stderr + json.dumps([task["result"] for task in run.tasks])
