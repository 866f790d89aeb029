# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the targets of tests/integration with `ansible-test integration --local`, each against a daemon of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab.cast import NETWORK, Member, enter, prepare
from tests.lab.dockerd import REPOSITORY, Dockerd, LabError
from tests.lab.images import BASE, KEPT
from tests.tooling.places import BUILD, copy_collection

TARGETS = REPOSITORY / "tests" / "integration" / "targets"
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


def _run_target(place: Path, target: str, arguments: Sequence[str]) -> int:
    """One target on a fresh daemon; the exit code of ansible-test."""
    with Dockerd(bridge=True) as daemon:
        _populate(daemon)
        # YAML reads JSON.
        (place / "tests" / "integration" / "integration_config.yml").write_text(
            json.dumps(configuration(daemon), indent=2)
        )
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
        print(f"integration target {target}: ansible-test integration --local, on a private dockerd", flush=True)
        verdict = "failed" if _run_target(place, target, arguments) else "passed"
        failed += [target] * (verdict == "failed")
        print(f"integration target {target}: {verdict}, {time.monotonic() - began:.1f} s", flush=True)
    return failed
