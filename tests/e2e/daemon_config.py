# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_daemon_config against one private daemon, and what an independent look at that daemon says."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lab.ansible import run_module
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images


class Subject:
    """A daemon whose daemon.json the module changes; its memory lies in the daemon's own folder."""

    def __init__(self, daemon: Dockerd) -> None:
        self.daemon = daemon
        self.state_dir = daemon.workdir / "state"
        self.options: dict[str, Any] = {
            "docker_host": daemon.docker_host,
            "restart_command": [daemon.restart_command],
            "state_dir": str(self.state_dir),
            "health_timeout": 30,
        }

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the module; its result."""
        return run_module("docker_daemon_config", {**self.options, **options}, check=check, diff=True)

    def configure(self, config: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Run it with `config`, after a prediction that has to come true; it must succeed."""
        predicted = self.run(check=True, config=config, **options)
        result = self.run(config=config, **options)
        assert "failed" not in result, result["msg"]
        for name in ("changed", "action", "plan", "diff", "pending_restart"):
            assert result[name] == predicted[name], f"--check --diff said otherwise about {name}"
        return result

    def refused(self, config: dict[str, Any], **options: Any) -> str:
        """Run it with `config`, which has to fail in check mode alike; the message."""
        predicted = self.run(check=True, config=config, **options)
        result = self.run(config=config, **options)
        assert result.get("failed"), result
        assert predicted.get("msg") == result["msg"]
        return str(result["msg"])

    def info(self) -> dict[str, Any]:
        """GET /info by the Docker SDK."""
        with contextlib.closing(self.daemon.client()) as client:
            return dict(client.info())

    def text(self) -> str:
        """daemon.json as it is."""
        return self.daemon.config_file.read_text()

    def left_beside(self) -> list[str]:
        """What lies in the folder of daemon.json besides it."""
        return sorted(path.name for path in self.daemon.config_file.parent.iterdir() if path != self.daemon.config_file)

    @contextlib.contextmanager
    def containers(self, **policies: str) -> Iterator[dict[str, str]]:
        """Running containers by name, each with a restart policy ("rm": removed at its end); their ids."""
        with contextlib.closing(self.daemon.client()) as client:
            make_images(client, [BASE])
            ids: dict[str, str] = {}
            for name, policy in policies.items():
                how: dict[str, Any] = {"remove": True} if policy == "rm" else {"restart_policy": {"Name": policy}}
                container = client.containers.run(BASE, detach=True, name=name, network_mode="none", **how)
                ids[name] = str(container.id)
            yield ids

    def running(self) -> set[str]:
        """The names of the running containers."""
        with contextlib.closing(self.daemon.client()) as client:
            return {str(container.name) for container in client.containers.list()}


@contextlib.contextmanager
def small_filesystem(folder: Path, size: str = "64k") -> Iterator[Path]:
    """A filesystem of its own in `folder`, for filling up or making read-only."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, how: str) -> None:
    """Make it "ro" or "rw"."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """A file that takes all the room that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 1024)
    return filler
