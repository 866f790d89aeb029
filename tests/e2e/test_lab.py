# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab keeps its own promises: it restarts as asked, says why a daemon refuses, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.dockerd import REPOSITORY, Dockerd, LabError
from tests.lab.images import KEPT, make_images
from tests.lab.reaper import owned_processes


def test_restart_command_restarts_with_the_same_command_line(dockerd: Dockerd) -> None:
    before, command_line = dockerd.pid, Path(f"/proc/{dockerd.pid}/cmdline").read_bytes()
    subprocess.run(dockerd.restart_command.split(), check=True)
    assert dockerd.pid != before
    assert Path(f"/proc/{dockerd.pid}/cmdline").read_bytes() == command_line


def test_restart_command_fails_and_says_why_when_the_daemon_refuses_its_file(dockerd: Dockerd) -> None:
    dockerd.write_daemon_json({"no-such-option": 1})
    result = subprocess.run(dockerd.restart_command.split(), check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "no-such-option" in result.stderr


def test_a_daemon_that_does_not_answer_is_given_up(make_dockerd: Callable[..., Dockerd]) -> None:
    with pytest.raises(LabError, match="did not answer"):
        make_dockerd(start_timeout=0.01)


def test_options_of_the_test_replace_those_of_the_lab(make_dockerd: Callable[..., Dockerd]) -> None:
    daemon = make_dockerd(daemon_json={"bridge": "none", "iptables": False})
    assert not [flag for flag in daemon.command() if flag.startswith(("--bridge", "--iptables"))]


def test_nothing_is_left_when_the_test_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from tests.lab.dockerd import Dockerd\n"
        "from tests.lab.images import KEPT, make_images\n"
        "daemon = Dockerd(bridge=True)\n"
        "daemon.start()\n"
        "client = daemon.client()\n"
        "make_images(client, [])\n"
        "print(daemon.workdir, client.containers.run(KEPT, detach=True).id, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workdir, container_id = process.stdout.readline().split()
        assert len(owned_processes(Path(workdir), [container_id])) >= 4  # dockerd, containerd, a shim, the container
        process.kill()
    deadline = time.monotonic() + 15
    while os.path.exists(workdir) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not os.path.exists(workdir)
    assert owned_processes(Path(workdir), [container_id]) == []
    assert workdir not in Path("/proc/mounts").read_text()
    assert not list(Path("/sys/fs/cgroup").glob(f"*/docker/{container_id}"))


def test_containers_survive_the_death_of_the_daemon_alone_with_live_restore(
    make_dockerd: Callable[..., Dockerd],
) -> None:
    daemon = make_dockerd(daemon_json={"live-restore": True})
    with contextlib.closing(daemon.client()) as client:
        make_images(client, [])
        container = client.containers.run(KEPT, detach=True, network_mode="none")
        container.reload()
        pid = container.attrs["State"]["Pid"]
        daemon.kill()
        assert not daemon.running
        daemon.start()
        container.reload()
        assert container.attrs["State"]["Pid"] == pid
