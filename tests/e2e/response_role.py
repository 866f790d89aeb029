# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role response_engine with what the lab needs, and what a test asks of the engine that it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes

NAMESPACE = ACCOUNT = "bulkhead-response"
_PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.response_engine]
"""


def identity_files(folder: Path) -> dict[str, str]:
    """Files that stand for an identity where nobody logs in with them."""
    found = {}
    for option in ("ca_file", "cert_file", "key_file", "nkey_seed_file"):
        file = folder / option
        file.write_text(f"secret of {option}\n")
        found[option] = str(file)
    return found


class EngineRole:
    """Runs the role; `defaults` are variables without their prefix, beside those of the lab."""

    def __init__(self, cluster: Kubernetes, folder: Path, **defaults: Any) -> None:
        self.cluster = cluster
        self.playbook = folder / "engine.yml"
        self.playbook.write_text(_PLAY)
        self.defaults = {
            "kubeconfig": str(cluster.kubeconfig),
            "image": "lab/python:1.0",
            "allow_unpinned": True,
            "image_pull_policy": "Never",
            "package": "config_map",
            "dry_run": False,
            **defaults,
        }

    def run(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        """The role with these options."""
        variables = {f"response_engine_{name}": value for name, value in {**self.defaults, **options}.items()}
        return run_playbook(self.playbook, extra_vars=variables, check=check, diff=True, arguments=["-vv"])

    def get(self, *words: str) -> Any:
        """What the cluster has of the engine."""
        return json.loads(self.cluster.kubectl("-n", NAMESPACE, "get", *words, "-o=json"))
