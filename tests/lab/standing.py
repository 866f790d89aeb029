# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that stays up for a person to try things on, until it is taken down."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import docker

from tests.lab.cast import LABEL, clear_stage, set_stage
from tests.lab.dockerd import ATTACH, REPOSITORY, Dockerd, LabError
from tests.lab.images import make_images
from tests.lab.launch import ping
from tests.lab.progress import say, step
from tests.lab.reaper import reap

STATE = REPOSITORY / ".build" / "lab"
# Root's own folder, as a predictable name in /tmp is anybody's; one for each checkout.
WORKDIR = Path("/var/lib", f"bulkhead-lab-{hashlib.sha256(bytes(REPOSITORY)).hexdigest()[:8]}")
_INVENTORY = "inventory.json"


def inventory(daemon: Dockerd) -> dict[str, Any]:
    """An inventory with the lab's daemon as its one Docker host, and with the way to restart it."""
    return {
        "docker_hosts": {
            "hosts": {
                "lab": {
                    **_local(daemon.docker_host),
                    "docker_hardening_restart_command": daemon.restart_command.split(),
                    "docker_hardening_record_dir": str(daemon.workdir / "record"),
                    # The kernel's audit rules and systemd's units belong to the whole machine, not to this daemon.
                    "docker_hardening_audit_rules": False,
                    "docker_hardening_unit": False,
                }
            }
        }
    }


def attached_inventory(docker_host: str) -> dict[str, Any]:
    """An inventory with a Docker of this machine that the lab did not start."""
    return {"docker_hosts": {"hosts": {"localhost": _local(docker_host)}}}


def _local(docker_host: str) -> dict[str, Any]:
    """Variables of a Docker host that is reached without SSH and without sudo."""
    return {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "audit_docker_host": docker_host,
        "docker_hardening_docker_host": docker_host,
    }


def up() -> None:
    """Bring a daemon and the cast up, write an inventory, and say how to use them."""
    if os.environ.get(ATTACH):
        _attach(os.environ[ATTACH])
        return
    if ping(str(WORKDIR / "docker.sock")):
        raise LabError(f"the lab is up already, in {WORKDIR}; `python -m tests.lab down` ends it")
    reap(WORKDIR)
    daemon = Dockerd(WORKDIR, bridge=True, keep=True)
    with step(f"a private dockerd in {WORKDIR}, in a network namespace of its own"):
        daemon.start()
    with step("images, and the cast of containers"):
        members = set_stage(daemon)
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / _INVENTORY).write_text(json.dumps(inventory(daemon), indent=2) + "\n")
    say(f"{len(members)} containers. Try:")
    print(f"    docker -H {daemon.docker_host} ps -a")
    print(f"    ansible-playbook -i {STATE / _INVENTORY} playbooks/audit.yml -e audit_output_dir=/tmp/report")


def _attach(docker_host: str) -> None:
    """Make the images on a Docker that already runs. The cast's vices do not go onto a machine that somebody uses."""
    with contextlib.closing(docker.DockerClient(base_url=docker_host)) as client:
        with step(f"images on the Docker at {docker_host}, which {ATTACH} names"):
            made = make_images(client)
        say(
            f"made: {', '.join(made) or 'none, all are there'}. Containers that run there are yours; the lab adds none."
        )


def down() -> None:
    """End the lab and remove all of it. No lab is no error."""
    if os.environ.get(ATTACH):
        with contextlib.closing(docker.DockerClient(base_url=os.environ[ATTACH])) as client:
            print(f"  removed {clear_stage(client)} containers with the label {LABEL}=cast")
        return
    with step(f"ending every process and mount of {WORKDIR}"):
        reap(WORKDIR)
    shutil.rmtree(STATE, ignore_errors=True)


def status() -> int:
    """Say whether the lab is up; 0 when it is, 3 when not (as service managers do)."""
    address = os.environ.get(ATTACH) or f"unix://{WORKDIR}/docker.sock"
    # Asked first, because the SDK leaves its connection open where nothing answers.
    if address.startswith("unix://") and not ping(address.removeprefix("unix://")):
        print(f"  down: nothing answers at {address}")
        return 3
    with contextlib.closing(docker.DockerClient(base_url=address, timeout=5)) as client:
        info = client.info()
    running = f"{info['ContainersRunning']} of {info['Containers']} running"
    print(f"  up: Docker {info['ServerVersion']} at {address}, {running}")
    return 0
