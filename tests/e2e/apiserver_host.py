# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control-plane host for tests of k8s_apiserver_config: a real API server, run from a manifest or as k3s would.

What stands in is the kubelet alone: `Host` starts the real kube-apiserver with the manifest's own command line, starts
it anew when the manifest changes, and again when it ends. tests/e2e/test_k8s_apiserver_kubelet.py has the real kubelet.
k3s cannot be had: `K3sHost` restarts the real kube-apiserver with the list in config.yaml, by a command, as the unit
of k3s would.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import yaml

from tests.lab.ansible import run_module
from tests.lab.dockerd import LabError
from tests.lab.kubernetes import Kubernetes

_POLL = 0.05
# The kubelet waits longer each time; a test need not.
_BACK_OFF = 0.5
MANIFEST = """\
# written by kubeadm, and edited by hand since
apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 127.0.0.1:{port}
  creationTimestamp: null
  labels:
    component: kube-apiserver
    tier: control-plane
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
{command}
    # pulled from the mirror
    image: registry.k8s.io/kube-apiserver:v1.20.2
    livenessProbe:
      failureThreshold: 8
      httpGet:
        host: 127.0.0.1
        path: /livez
        port: {port}
        scheme: HTTPS
    name: kube-apiserver
    readinessProbe:
      httpGet:
        host: 127.0.0.1
        path: /readyz
        port: {port}
        scheme: HTTPS
    volumeMounts:
    - mountPath: {pki}
      name: k8s-certs
      readOnly: true
  hostNetwork: true
  volumes:
  - hostPath:
      path: {pki}
      type: DirectoryOrCreate
    name: k8s-certs
status: {{}}
"""


class Host:
    """The API server of `k8s`, taken over: from here on it runs by `manifest`."""

    def __init__(self, k8s: Kubernetes) -> None:
        self.k8s = k8s
        self.folder = k8s.workdir / "host"
        self.manifests = self.folder / "manifests"
        self.manifest = self.manifests / "kube-apiserver.yaml"
        self.state_dir = self.folder / "state"
        self.config_dir = self.folder / "bulkhead"
        self.manifests.mkdir(parents=True)
        self.manifest.write_text(self.manifest_text())
        self.manifest.chmod(0o600)
        self.options: dict[str, Any] = {
            "path": str(self.manifest),
            "state_dir": str(self.state_dir),
            "config_dir": str(self.config_dir),
            "log_files": [str(k8s.workdir / "log" / "kube-apiserver.log")],
            "health_timeout": 30,
        }
        self.original = self.manifest.read_text()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, daemon=True)

    def manifest_text(self) -> str:
        """A manifest as kubeadm writes it, with the lab's flags in it."""
        program, *flags = self.k8s.api_command
        words = [program, "--advertise-address=192.0.2.10", *[f for f in flags if "advertise-address" not in f]]
        lines = [f"    - {word}" for word in words]
        lines.insert(2, "    # nobody but these two")
        return MANIFEST.format(port=self.k8s.port, command="\n".join(lines), pki=self.k8s.workdir / "pki")

    def __enter__(self) -> Host:
        self.k8s.stop_api()
        self._thread.start()
        self.await_ready()
        return self

    def await_ready(self, timeout: float = 30.0) -> None:
        """Wait until the API server answers the administrator; it may end and start again meanwhile."""
        deadline = time.monotonic() + timeout
        with self.k8s.rest() as rest:
            while rest.status("/readyz") != 200:
                if time.monotonic() > deadline:
                    raise LabError(f"the API server is not back:\n{self.k8s.processes.tail('kube-apiserver')}")
                time.sleep(_POLL)

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _keep_running(self) -> None:
        """What the kubelet does with a static pod, for this one file."""
        shown: str | None = None
        started = 0.0
        while not self._over.wait(_POLL):
            text = self._manifest_now()
            if text != shown:
                self.k8s.processes.kill("kube-apiserver")
                shown, started = text, 0.0
            if text and not self.k8s.processes.runs("kube-apiserver") and time.monotonic() - started > _BACK_OFF:
                started = time.monotonic()
                container = yaml.safe_load(text)["spec"]["containers"][0]
                self.k8s.processes.start("kube-apiserver", [*container["command"], *container.get("args", [])])

    def _manifest_now(self) -> str:
        found = [path for path in sorted(self.manifests.iterdir()) if not path.name.startswith(".")]
        if len(found) > 1:
            raise LabError(f"the kubelet would run all of these as pods: {found}")
        with contextlib.suppress(OSError):
            return found[0].read_text() if found else ""
        return ""

    # -- the module -------------------------------------------------------------------------------------------

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the module; its result."""
        return run_module("k8s_apiserver_config", {**self.options, **options}, check=check, diff=True)

    def configure(self, **options: Any) -> dict[str, Any]:
        """Run it after a prediction that has to come true; it must succeed, and a second run change nothing."""
        predicted = self.run(check=True, **options)
        result = self.run(**options)
        assert "failed" not in result, result["msg"]
        for name in ("changed", "plan", "diff", "reencrypt"):
            assert result[name] == predicted[name], f"--check --diff said otherwise about {name}"
        assert not self.run(**options)["changed"], "a second run changes something"
        return result

    def refused(self, **options: Any) -> str:
        """Run it, which has to fail in check mode alike, with nothing changed; the message."""
        before = self.everything()
        predicted = self.run(check=True, **options)
        result = self.run(**options)
        assert result.get("failed"), result
        assert predicted.get("msg") == result["msg"]
        assert self.everything() == before
        return str(result["msg"])

    def everything(self) -> dict[str, str]:
        """Every file of the host by its path; not what a run remembers."""
        return {
            str(path): path.read_text()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and self.state_dir not in path.parents
        }

    def pid(self) -> int:
        """The process of the API server."""
        return self.k8s.processes.pid("kube-apiserver")

    def flags(self) -> dict[str, str]:
        """The flags of the running API server."""
        words = Path(f"/proc/{self.pid()}/cmdline").read_bytes().decode().split("\0")[1:-1]
        return dict(word[2:].partition("=")[::2] for word in words)

    def reencrypt(self, **options: Any) -> dict[str, Any]:
        """Run k8s_reencrypt; its result."""
        return run_module("k8s_reencrypt", {"kubeconfig": str(self.k8s.kubeconfig), **options})


class K3sHost(Host):
    """The same API server, by the list kube-apiserver-arg in config.yaml, restarted by a command."""

    def __init__(self, k8s: Kubernetes) -> None:
        super().__init__(k8s)
        self.config = self.folder / "config.yaml"
        self.config.write_text("# of this cluster\nwrite-kubeconfig-mode: '0600'\n")
        self.restart_file = self.folder / "restart.json"
        program, *flags = k8s.api_command
        self.restart_file.write_text(json.dumps({"program": program, "flags": flags, "config": str(self.config)}))
        self.options |= {
            "installation": "k3s",
            "path": str(self.config),
            "restart_command": [
                sys.executable,
                str(Path(__file__).with_name("k3s_stand_in.py")),
                str(self.restart_file),
            ],
            "kubernetes_version": "1.20",
            "address": f"127.0.0.1:{k8s.port}",
        }
