# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process is the API server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.process import (
    Process,
    describe,
    holds_port,
    listener,
    named,
    runs_with,
)


def test_the_holder_of_a_port_is_found() -> None:
    me = describe(os.getpid())
    assert me is not None
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert listener(port) == me
        assert holds_port(me, port) is True
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            other = describe(child.pid)
            assert other is None or holds_port(other, port) is False
        finally:
            child.kill()
            child.communicate()
    assert listener(port) is None
    assert holds_port(me, port) is None


def test_a_program_is_known_by_its_name_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "7"
    folder.mkdir()
    (folder / "cmdline").write_bytes(b"/opt/kube-apiserver\0--v=2\0")
    (folder / "stat").write_text("7 (kube api) server) S " + " ".join(["0"] * 18) + " 99 0\n")
    (tmp_path / "8").mkdir()
    [found] = named("kube-apiserver", str(tmp_path))
    assert found == Process(7, 99, ("/opt/kube-apiserver", "--v=2"))
    assert found.identity == "7/99"
    (folder / "stat").write_text("7 (x) Z " + " ".join(["0"] * 18) + " 99 0\n")
    assert named("kube-apiserver", str(tmp_path)) == []


@pytest.mark.parametrize(
    ("words", "same"),
    [
        (["kube-apiserver", "--a=1", "--b=$(IP)"], True),
        (["kube-apiserver", "--a=2", "--b=x"], False),
        (["kube-apiserver", "--a=1"], False),
    ],
)
def test_the_kubelet_may_fill_in_variables(words: list[str], same: bool) -> None:
    assert runs_with(Process(1, 1, ("/bin/kube-apiserver", "--a=1", "--b=10.0.0.1")), words) is same
