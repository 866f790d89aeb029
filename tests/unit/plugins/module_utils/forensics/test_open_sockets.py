# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets out of the tables of the kernel."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.open_sockets import (
    internet_table,
    sockets,
    unix_table,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.process_facts import (
    ProcFolder,
    facts,
)

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:115C 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 119660 1 0 100 0 0 10 0
   1: short
"""
TCP6 = """  sl  local_address remote_address st
   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 01 0:0 0:0 0 0 0 7 1
"""
UNIX = """Num       RefCount Protocol Flags    Type St Inode Path
0000: 00000002 00000000 00010000 0001 01 20000 /run/docker.sock
0000: 00000002 00000000 00000000 0002 01 20001 @abstract name
0000: 00000002 00000000 00000000 0005 01 20002
"""
pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the tables are of a little-endian machine")


def test_internet_tables() -> None:
    (row,) = internet_table(TCP, "tcp")
    assert row == {
        "protocol": "tcp",
        "state": "LISTEN",
        "local": "127.0.0.1:4444",
        "remote": "0.0.0.0:0",
        "uid": 1000,
        "inode": "119660",
    }
    (row,) = internet_table(TCP6, "tcp6")
    assert (row["local"], row["state"]) == ("[::1]:80", "ESTABLISHED")


def test_unix_table() -> None:
    rows = list(unix_table(UNIX))
    assert [(row["type"], row["listening"], row["path"]) for row in rows] == [
        ("stream", True, "/run/docker.sock"),
        ("datagram", False, "@abstract name"),
        ("seqpacket", False, ""),
    ]


def test_a_socket_of_this_process_is_found_by_its_file() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        proc = ProcFolder()
        found = sockets(proc, [facts(proc, os.getpid())])
    (mine,) = [row for row in found if row.get("local") == f"127.0.0.1:{port}"]
    assert mine["pids"] == [os.getpid()]
    assert mine["state"] == "LISTEN"
