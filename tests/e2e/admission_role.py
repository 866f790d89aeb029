# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role anchore_admission with what the lab needs, and what a test asks of the webhook that it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes

NAMESPACE = NAME = "bulkhead-admission"
_PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.anchore_admission]
  post_tasks:
    - ansible.builtin.set_stats:
        data: {image_policy: "{{ anchore_admission_image_policy | default({}) }}"}
"""


def write_verdicts(file: Path, **actions: str) -> Path:
    """A file of recorded verdicts: go, warn or stop by the 64 digits of a digest, with `d` before them."""
    reason = {"gate": "vulnerabilities", "trigger": "package", "message": "HIGH in openssl", "action": "stop"}
    rows = [
        {"digest": f"sha256:{digits[1:]}", "action": action, "policy_id": "", "reasons": [reason]}
        for digits, action in actions.items()
    ]
    file.write_text(json.dumps({"verdicts": rows}))
    return file


class AdmissionRole:
    """Runs the role; `defaults` are variables without their prefix, beside those of the lab."""

    def __init__(self, cluster: Kubernetes, folder: Path, **defaults: Any) -> None:
        self.cluster = cluster
        self.folder = folder
        self.playbook = folder / "admission.yml"
        self.playbook.write_text(_PLAY)
        self.defaults = {
            "kubeconfig": str(cluster.kubeconfig),
            "image": "lab/python:1.0",
            "allow_unpinned": True,
            "image_pull_policy": "Never",
            "package": "config_map",
            "pki_dir": str(folder / "pki"),
            "replicas": 1,
            **defaults,
        }

    def run(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        """The role with these options."""
        variables = {f"anchore_admission_{name}": value for name, value in {**self.defaults, **options}.items()}
        return run_playbook(self.playbook, extra_vars=variables, check=check, diff=True, arguments=["-vv"])

    def get(self, *words: str) -> Any:
        """What the cluster has of it."""
        return json.loads(self.cluster.kubectl("-n", NAMESPACE, "get", *words, "-o=json"))
