# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control-plane host made up in a folder, for unit tests: a manifest as kubeadm writes it, and nothing that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.declaration import (
    declare,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan import Plan, plan_present
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import (
    Situation,
    look,
)

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.1:6443
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
    - --advertise-address=10.0.0.1
    # who may come in
    - --authorization-mode=Node,RBAC   # both
    - --enable-admission-plugins=NodeRestriction
    - --client-ca-file=/etc/kubernetes/pki/ca.crt
    image: registry.k8s.io/kube-apiserver:v1.28.3
    livenessProbe:
      failureThreshold: 8
      httpGet:
        host: 10.0.0.1
        path: /livez
        port: 6443
        scheme: HTTPS
    name: kube-apiserver
    volumeMounts:
    - mountPath: /etc/kubernetes/pki
      name: k8s-certs
      readOnly: true
  hostNetwork: true
  volumes:
  - hostPath:
      path: /etc/kubernetes/pki
      type: DirectoryOrCreate
    name: k8s-certs
"""


class ApiServerHome:
    """The host below `folder`; `options` are the module's, with everything inside the folder."""

    def __init__(self, folder: Path, manifest: str = MANIFEST) -> None:
        self.manifest = folder / "manifests" / "kube-apiserver.yaml"
        self.manifest.parent.mkdir()
        self.manifest.write_text(manifest)
        self.config_dir = folder / "bulkhead"
        self.options: dict[str, Any] = {
            "state": "present",
            "installation": "static_pod",
            "path": str(self.manifest),
            "flags": None,
            "enable_admission_plugins": None,
            "disable_admission_plugins": None,
            "files": None,
            "encryption": None,
            "anonymous_probes": "refuse",
            "kubernetes_version": None,
            "address": None,
            "config_dir": str(self.config_dir),
            "state_dir": str(folder / "state"),
        }

    def situation(self, **options: Any) -> Situation:
        """What the module finds."""
        return look({**self.options, **options})

    def plan(self, **options: Any) -> Plan:
        """What the module would do."""
        params = {**self.options, **options}
        situation = look(params)
        return plan_present(params, situation, declare(params, situation))

    def file(self, flag: str, content: Any, path: str | None = None) -> dict[str, Any]:
        """An entry of `files`."""
        return {"flag": flag, "path": path, "content": content, "secret_content": None}

    def encryption(self, **given: Any) -> dict[str, Any]:
        """The option `encryption` with its defaults."""
        defaults = {"provider": "secretbox", "key_name": "key1", "resources": ["secrets"], "phase": "write"}
        return {**defaults, "secrets": None, "like": None, **given}
