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
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.k3s_stand_in import end
from tests.lab.ansible import run_module
from tests.lab.dockerd import LabError
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.rest import Rest

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


class Configured:
    """A host whose API server the module changes. `folder` holds all of its files, `state_dir` what is remembered."""

    def __init__(self, folder: Path, options: Mapping[str, Any]) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.config_dir = folder / "bulkhead"
        places = {"state_dir": str(self.state_dir), "config_dir": str(self.config_dir), "health_timeout": 60}
        self.options: dict[str, Any] = {**places, **options}

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


class Host(Configured):
    """An API server on the etcd of `k8s` that runs by `manifest`: the one of `k8s` itself, or one more beside it."""

    def __init__(self, k8s: Kubernetes, port: int | None = None) -> None:
        self.k8s = k8s
        self.port = port or k8s.port
        self.process = "kube-apiserver" if port is None else f"kube-apiserver-{port}"
        super().__init__(
            k8s.workdir / f"host-{self.port}", {"log_files": [str(k8s.workdir / "log" / f"{self.process}.log")]}
        )
        self.manifests = self.folder / "manifests"
        self.manifest = self.manifests / "kube-apiserver.yaml"
        self.options["path"] = str(self.manifest)
        self.manifests.mkdir(parents=True)
        self.manifest.write_text(self.manifest_text())
        self.manifest.chmod(0o600)
        self.original = self.manifest.read_text()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, daemon=True)

    def manifest_text(self) -> str:
        """A manifest as kubeadm writes it, with the lab's flags in it."""
        lines = [f"    - {word}" for word in self.command()]
        lines.insert(2, "    # nobody but these two")
        return MANIFEST.format(port=self.port, command="\n".join(lines), pki=self.k8s.workdir / "pki")

    def command(self) -> list[str]:
        """The lab's command line, on this server's port."""
        return [
            word.replace(f"secure-port={self.k8s.port}", f"secure-port={self.port}") for word in self.k8s.api_command
        ]

    def __enter__(self) -> Host:
        if self.port == self.k8s.port:
            self.k8s.stop_api()
        self._thread.start()
        self.await_ready()
        return self

    def rest(self) -> Rest:
        """The lab's own client of this server, as the administrator. The caller closes it."""
        pki = self.k8s.workdir / "pki"
        return Rest(self.port, self.k8s.ca_file, (pki / "admin.crt", pki / "admin.key"))

    def await_ready(self, timeout: float = 30.0) -> None:
        """Wait until the API server answers the administrator; it may end and start again meanwhile."""
        deadline = time.monotonic() + timeout
        with self.rest() as rest:
            while rest.status("/readyz") != 200:
                if time.monotonic() > deadline:
                    raise LabError(f"the API server is not back:\n{self.k8s.processes.tail(self.process)}")
                time.sleep(_POLL)

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()

    def await_manifest(self) -> None:
        """Wait until the API server that the manifest describes answers, and no earlier one."""
        container = yaml.safe_load(self.manifest.read_text())["spec"]["containers"][0]
        wanted = {word[2:].partition("=")[0] for word in container["command"][1:]}
        deadline = time.monotonic() + 30
        while self._flags_now() != wanted and time.monotonic() < deadline:
            time.sleep(_POLL)
        self.await_ready()

    def _flags_now(self) -> set[str]:
        with contextlib.suppress(OSError, LabError):
            return set(self.flags())
        return set()

    def _keep_running(self) -> None:
        """What the kubelet does with a static pod, for this one file."""
        shown: str | None = None
        started = 0.0
        while not self._over.wait(_POLL):
            text = self._manifest_now()
            if text != shown:
                self.k8s.processes.kill(self.process)
                shown, started = text, 0.0
            if text and not self.k8s.processes.runs(self.process) and time.monotonic() - started > _BACK_OFF:
                started = time.monotonic()
                container = yaml.safe_load(text)["spec"]["containers"][0]
                self.k8s.processes.start(self.process, [*container["command"], *container.get("args", [])])

    def _manifest_now(self) -> str:
        found = [path for path in sorted(self.manifests.iterdir()) if not path.name.startswith(".")]
        if len(found) > 1:
            raise LabError(f"the kubelet would run all of these as pods: {found}")
        with contextlib.suppress(OSError):
            return found[0].read_text() if found else ""
        return ""

    def pid(self) -> int:
        """The process of the API server."""
        return self.k8s.processes.pid(self.process)

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
        self.manifest.unlink()
        self.config = self.folder / "config.yaml"
        self.config.write_text("# of this cluster\nwrite-kubeconfig-mode: '0600'\n")
        self.original = self.config.read_text()
        self.pidfile = self.folder / "k3s.pid"
        program, *flags = self.command()
        log = k8s.workdir / "log" / f"{self.process}.log"
        settings = {"program": program, "flags": flags, "config": self.config, "log": log, "pidfile": self.pidfile}
        restart_file = k8s.workdir / "restart.json"
        restart_file.write_text(json.dumps(settings, default=str))
        self.restart_command = [sys.executable, str(Path(__file__).with_name("k3s_stand_in.py")), str(restart_file)]
        self.options |= {
            "installation": "k3s",
            "path": str(self.config),
            "restart_command": self.restart_command,
            "kubernetes_version": "1.20",
            "address": f"127.0.0.1:{self.port}",
        }

    def __enter__(self) -> K3sHost:
        self.k8s.stop_api()
        subprocess.run(self.restart_command, check=True)
        self.await_ready()
        return self

    def __exit__(self, *_exc: object) -> None:
        end(self.pidfile)

    def pid(self) -> int:
        """The process of the API server."""
        return int(self.pidfile.read_text())
