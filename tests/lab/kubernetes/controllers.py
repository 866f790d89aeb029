# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines of controller-manager and scheduler."""

from __future__ import annotations

from pathlib import Path

from tests.lab.kubernetes.network import SERVICES
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.rest import Rest

PROGRAMS = ("kube-controller-manager", "kube-scheduler")


def _kubeconfigs(file: Path) -> list[str]:
    return [f"--kubeconfig={file}", f"--authentication-kubeconfig={file}", f"--authorization-kubeconfig={file}"]


def commands(workdir: Path) -> dict[str, list[str]]:
    """Command lines by name. No port is open: nobody asks them for their health, and two clusters cannot meet."""
    manager, scheduler = map(program, PROGRAMS)
    return {PROGRAMS[0]: _controller_manager(manager, workdir), PROGRAMS[1]: _scheduler(scheduler, workdir)}


def _controller_manager(executable: str, workdir: Path) -> list[str]:
    pki = workdir / "pki"
    return [
        executable,
        *_kubeconfigs(workdir / "kubeconfig" / "controller-manager.conf"),
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--controllers=*,-nodeipam",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        f"--flex-volume-plugin-dir={workdir}/volume-plugins",
        f"--service-cluster-ip-range={SERVICES}",
        f"--cert-dir={workdir}/controller-manager",
        "--profiling=false",
        "--port=0",
        "--secure-port=0",
    ]


def _scheduler(executable: str, workdir: Path) -> list[str]:
    return [
        executable,
        *_kubeconfigs(workdir / "kubeconfig" / "scheduler.conf"),
        "--leader-elect=false",
        f"--cert-dir={workdir}/scheduler",
        "--profiling=false",
        "--port=0",
        "--secure-port=0",
    ]


def has_token(rest: Rest, path: str) -> bool:
    """Whether the ServiceAccount at this path is there and has its token."""
    status, account = rest.send("GET", path)
    return status == 200 and bool(account.get("secrets"))


def at_work(rest: Rest) -> bool:
    """Whether a pod can be made, and the roles view, edit and admin have their rules."""
    _status, role = rest.send("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin")
    return has_token(rest, "/api/v1/namespaces/default/serviceaccounts/default") and bool(role.get("rules"))
