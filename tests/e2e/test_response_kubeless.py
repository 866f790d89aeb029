# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as a Function of Kubeless: stored on a real API server, and what is stored deletes a pod of that server.

Kubeless's images are not to be had: its runtime is played by tests/e2e/kubeless_runtime.py.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.response_role import ACCOUNT, NAMESPACE, EngineRole
from tests.lab.ansible import run_playbook
from tests.lab.dockerd import REPOSITORY
from tests.lab.kubernetes import Kubernetes

_KINDS = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.kubeless]
"""
_POD = {"name": "web", "image": "x"}


def unpacked(function: dict[str, Any], folder: Path) -> None:
    """What Kubeless does with it: decode, compare the checksum, unzip."""
    spec = function["spec"]
    assert spec["function-content-type"] == "base64+zip"
    archive = base64.b64decode(spec["function"])
    assert spec["checksum"] == f"sha256:{hashlib.sha256(archive).hexdigest()}"
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(folder)


def settings(engine: EngineRole, folder: Path) -> Path:
    """The configuration that is mounted in the pod, with the identity that the pod has, as files of this machine."""
    config = json.loads(engine.get("configmap", f"{ACCOUNT}-config")["data"]["config.json"])
    kubeconfig = yaml.safe_load(engine.cluster.service_account(NAMESPACE, ACCOUNT).read_text())
    token = folder / "token"
    token.touch(0o600)
    token.write_text(kubeconfig["users"][0]["user"]["token"])
    here = {"server": engine.cluster.url, "ca_file": str(engine.cluster.ca_file), "token_file": str(token)}
    file = folder / "config.json"
    file.write_text(json.dumps({**config, "kubernetes": here}))
    return file


def call(folder: Path, config: Path, body: str) -> subprocess.CompletedProcess[str]:
    own = {"MOD_NAME": "kubeless_handler", "FUNC_HANDLER": "handler", "FUNC_TIMEOUT": "60"}
    return subprocess.run(
        [sys.executable, "-m", "tests.e2e.kubeless_runtime", str(folder)],
        input=body,
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, **own, "BULKHEAD_RESPONSE_CONFIG": str(config)},
    )


def test_what_is_stored_as_a_function_answers_an_alert(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    kinds = tmp_path / "kinds.yml"
    kinds.write_text(_KINDS)
    options = {"kubeless_kubeconfig": str(k8s.kubeconfig), "kubeless_crds_only": True, "kubeless_wait_timeout": 60}
    rules = [{"name": "shell", "match": {"rules": ["Shell*"]}, "steps": [{"action": "delete_pod"}]}]
    engine = EngineRole(k8s, tmp_path, backend="kubeless", allowed_namespaces=[k8s_namespace], rules=rules)
    run_playbook(kinds, extra_vars=options).check()
    try:
        assert engine.run().check().changed
        function = engine.get("function", ACCOUNT)
        assert engine.get("natstrigger", f"{ACCOUNT}-1")["spec"]["topic"] == "falco.>"
        assert function["spec"]["deployment"]["spec"]["template"]["spec"]["serviceAccountName"] == ACCOUNT
        folder = tmp_path / "kubeless"
        unpacked(function, folder)
        config = settings(engine, tmp_path)

        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": k8s_namespace}}
        k8s.kubectl_apply([{**pod, "spec": {"containers": [_POD]}}])
        found = json.loads(k8s.kubectl("-n", k8s_namespace, "get", "pod", "web", "-o", "json"))
        fields = {"k8s.ns.name": k8s_namespace, "k8s.pod.name": "web", "k8s.pod.uid": found["metadata"]["uid"]}
        alert = {"rule": "Shell in a pod", "priority": "Notice", "output": "a shell", "output_fields": fields}
        alert |= {"time": "2026-01-01T00:00:00.000000000Z", "source": "syscall", "tags": [], "hostname": "node"}
        done = call(folder, config, json.dumps(alert))
        assert done.returncode == 0, done.stderr
        assert '"status": "acted"' in done.stdout
        # No kubelet has it, so that it is gone at once.
        assert not k8s.kubectl("-n", k8s_namespace, "get", "pod", "web", "--ignore-not-found")
        assert call(folder, config, "no alert").returncode == 1
    finally:
        engine.run(state="absent").check()
        run_playbook(kinds, extra_vars={**options, "kubeless_state": "absent"}).check()
