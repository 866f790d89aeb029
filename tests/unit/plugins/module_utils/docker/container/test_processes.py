# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc, in a folder of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import ProcessTable

ID, OTHER = "a" * 64, "b" * 64
STATUS = """Name:\tsleep
Uid:\t100000\t100000\t100000\t100000
CapBnd:\t00000000a80425fb
NoNewPrivs:\t1
Seccomp:\t2
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    process(tmp_path, 1, "/sbin/init\0", "")
    return tmp_path


def process(proc: Path, pid: int, cmdline: str, cgroup: str, **files: str) -> None:
    folder = proc / str(pid)
    (folder / "attr").mkdir(parents=True)
    for name, text in {"cmdline": cmdline, "cgroup": cgroup, **files}.items():
        (folder / name.replace("__", "/")).write_text(text)


def test_live(proc: Path) -> None:
    process(
        proc,
        7,
        "sleep\0",
        f"0::/system.slice/docker-{ID}.scope\n",
        status=STATUS,
        uid_map="         0     100000      65536\n",
        limits="Limit  Soft  Hard  Units\nMax open files            77                   99                   files\n",
        attr__current="docker-default (enforce)\n",
    )
    live = ProcessTable(str(proc)).live(7, ID)
    assert live is not None
    assert (live.uid, live.no_new_privileges, live.seccomp, live.open_files) == (0, True, 2, 99)
    assert live.label == "docker-default (enforce)"
    assert "NET_RAW" in live.bounding


def test_a_pid_that_is_somebody_elses_is_not_believed(proc: Path) -> None:
    process(proc, 7, "sleep\0", f"3:pids:/docker/{OTHER}\n", status=STATUS)
    table = ProcessTable(str(proc))
    assert table.live(7, ID) is None
    assert table.live(8, ID) is None
    assert table.live(0, ID) is None


@pytest.mark.parametrize(
    "cmdline",
    [
        "/usr/sbin/sshd\0-D\0",
        "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups\0",
        "sshd: app [priv]\0",
        "dropbear\0",
    ],
)
def test_ssh_servers(proc: Path, cmdline: str) -> None:
    process(proc, 9, cmdline, f"3:pids:/docker/{ID}\n")
    assert list(ProcessTable(str(proc)).ssh_servers()) == [ID]


@pytest.mark.parametrize(
    "cmdline", ["grep\0-c\0sshd\0", "/opt/sshd/run\0", "sshd-monitor\0", "", "sh\0-c\0/usr/sbin/sshd\0"]
)
def test_not_an_ssh_server(proc: Path, cmdline: str) -> None:
    process(proc, 9, cmdline, f"3:pids:/docker/{ID}\n")
    assert ProcessTable(str(proc)).ssh_servers() == {}


def test_an_ssh_server_of_the_host_belongs_to_no_container(proc: Path) -> None:
    process(proc, 9, "/usr/sbin/sshd\0", "0::/system.slice/ssh.service\n")
    assert ProcessTable(str(proc)).ssh_servers() == {}


def test_no_proc_at_all(tmp_path: Path) -> None:
    assert ProcessTable(str(tmp_path / "none")).ssh_servers() == {}
