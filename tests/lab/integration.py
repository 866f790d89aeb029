# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the targets of tests/integration with `ansible-test integration --local`, each on a lab of its own.

What asks for the kubeconfig of a cluster (`lab_kubeconfig`) gets one, what asks for an Anchore Engine
(`lab_anchore`) the contract server, all else a dockerd.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.lab.anchore.library import library
from tests.lab.anchore.server import anchore_server
from tests.lab.cast import NETWORK, Member, enter, prepare
from tests.lab.dockerd import REPOSITORY, Dockerd, LabError
from tests.lab.images import BASE, KEPT
from tests.lab.kubernetes import Kubernetes
from tests.tooling.places import BUILD, copy_collection

TARGETS = REPOSITORY / "tests" / "integration" / "targets"
_ON_A_NODE = ("role_k8s_apiserver",)
"""Targets that edit the manifest of an API server which is a static pod."""
_MEMBERS = (
    Member("kept"),
    Member(
        "privileged",
        {
            "privileged": True,
            "cap_drop": None,
            "mem_limit": None,
            "memswap_limit": None,
            "nano_cpus": None,
            "pids_limit": None,
        },
        image=BASE,
    ),
)


def configuration(daemon: Dockerd) -> dict[str, str]:
    """The variables of integration_config.yml for this daemon."""
    return {
        "lab_docker_host": daemon.docker_host,
        "lab_socket": daemon.socket,
        "lab_pidfile": str(daemon.pidfile),
        "lab_config_file": str(daemon.config_file),
        "lab_restart_command": daemon.restart_command,
        "lab_data_root": str(daemon.data_root),
        "lab_exec_root": str(daemon.exec_root),
        "lab_workdir": str(daemon.workdir / "target"),
        "lab_network": NETWORK,
        "lab_image": KEPT,
        "lab_image_root": BASE,
        "lab_container_kept": _MEMBERS[0].name,
        "lab_container_bad": _MEMBERS[1].name,
    }


def _populate(daemon: Dockerd) -> None:
    (daemon.workdir / "target").mkdir()
    with contextlib.closing(daemon.client()) as client:
        prepare(client, [])
        for member in _MEMBERS:
            enter(client, member)


@contextlib.contextmanager
def _docker_lab() -> Iterator[dict[str, str]]:
    with Dockerd(bridge=True) as daemon:
        _populate(daemon)
        yield configuration(daemon)


def cluster_configuration(cluster: Kubernetes) -> dict[str, str]:
    """The variables of integration_config.yml for this cluster."""
    folder = cluster.workdir / "target"
    folder.mkdir()
    manifest = {"lab_api_manifest": str(cluster.manifest)} if cluster.has_static_pod_api else {}
    return {
        "lab_kubeconfig": str(cluster.kubeconfig),
        "lab_kubeconfig_nobody": str(cluster.user("nobody")),
        "lab_api_url": cluster.url,
        "lab_ca_file": str(cluster.ca_file),
        "lab_kubectl": cluster.kubectl_program,
        "lab_workdir": str(folder),
        **manifest,
    }


@contextlib.contextmanager
def _cluster_lab(target: str) -> Iterator[dict[str, str]]:
    options: dict[str, Any] = {"mode": "full", "static_pod_api": True} if target in _ON_A_NODE else {"mode": "ctl"}
    with Kubernetes(**options) as cluster:
        yield cluster_configuration(cluster)


@contextlib.contextmanager
def _anchore_lab() -> Iterator[dict[str, Any]]:
    with anchore_server(library()) as server, tempfile.TemporaryDirectory(prefix="bulkhead-target-") as folder:
        yield {"lab_anchore": server.options, "lab_workdir": folder}


def _asks_for(target: str, variable: str) -> bool:
    return any(variable in file.read_text() for file in (TARGETS / target).rglob("*.yml"))


def _lab(target: str) -> tuple[str, contextlib.AbstractContextManager[dict[str, Any]]]:
    """What the target runs on, in words, and to be entered."""
    if _asks_for(target, "lab_kubeconfig"):
        return "a private cluster", _cluster_lab(target)
    if _asks_for(target, "lab_anchore"):
        return "a contract server of Anchore Engine", _anchore_lab()
    return "a private dockerd", _docker_lab()


def _run_target(
    place: Path, target: str, lab: contextlib.AbstractContextManager[dict[str, Any]], arguments: Sequence[str]
) -> int:
    """One target on a fresh lab; the exit code of ansible-test."""
    with lab as variables:
        # YAML reads JSON.
        (place / "tests" / "integration" / "integration_config.yml").write_text(json.dumps(variables, indent=2))
        command = [str(Path(sys.executable).parent / "ansible-test"), "integration", "--local", "--allow-root"]
        return subprocess.run(
            [*command, "--allow-destructive", "--color", "no", *arguments, target], cwd=place, check=False
        ).returncode


def run_integration(targets: Sequence[str], arguments: Sequence[str] = ()) -> list[str]:
    """Run the named targets, or all of them; the names of those that failed. LabError for a name that is none."""
    there = sorted(
        folder.name for folder in TARGETS.iterdir() if (folder / "tasks").is_dir() or (folder / "aliases").exists()
    )
    unknown = sorted(set(targets) - set(there))
    if unknown:
        raise LabError(f"no such integration target: {', '.join(unknown)}; there are: {', '.join(there)}")
    place = copy_collection(BUILD / "integration")
    failed = []
    for target in targets or there:
        began = time.monotonic()
        name, lab = _lab(target)
        print(f"integration target {target}: ansible-test integration --local, on {name}", flush=True)
        verdict = "failed" if _run_target(place, target, lab, arguments) else "passed"
        failed += [target] * (verdict == "failed")
        print(f"integration target {target}: {verdict}, {time.monotonic() - began:.1f} s", flush=True)
    return failed
