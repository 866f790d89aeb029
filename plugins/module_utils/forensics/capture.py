# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record for a time what a container does: tcpdump in its network, or sysdig of its system calls.

What the program writes to its standard output is kept, up to a size; then, or when the time is up, it is ended.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import IO

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import PartSkipped
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import Capture

_PIECE = 1 << 16
_PATIENCE = 10
_NAMES = {"tcpdump": "capture.pcap", "sysdig": "capture.scap"}


def command(capture: Capture, pid: int, container_id: str) -> list[str]:
    """The command line. Raises PartSkipped where the program is not installed."""
    program = shutil.which(capture.tool)
    if program is None:
        raise PartSkipped(f"{capture.tool} is not installed on this host")
    if capture.tool == "tcpdump":
        enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "--"]
        filters = [capture.expression] if capture.expression else []
        return [*enter, program, "-i", "any", "-n", "-U", "-s", "0", "-w", "-", *filters]
    own = f"container.id={container_id[:12]}"
    return [program, "-w", "/dev/stdout", f"{own} and ({capture.expression})" if capture.expression else own]


def record(capture: Capture, pid: int, container_id: str, folder: EvidenceFolder, at: str) -> str:
    """Keep what is recorded; what is missing of it, in one sentence. Raises PartSkipped, OSError."""
    argv = command(capture, pid, container_id)
    with (
        tempfile.TemporaryFile() as said,
        # run_command would hold the whole recording in memory.
        subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        ) as process,
    ):
        try:
            output = process.stdout
            if output is None:
                raise AssertionError("a pipe was asked for")
            deadline = time.monotonic() + capture.seconds
            whole = folder.write(f"{at}/{_NAMES[capture.tool]}", _pieces(output, deadline), capture.max_bytes)
            early = _ended(process) if whole and time.monotonic() < deadline else 0
        finally:
            _end(process)
        if early:
            said.seek(0)
            words = " ".join(said.read(2000).decode(errors="replace").split())
            return f"{capture.tool} ended with {early}: {words[-300:]}"
    return "" if whole else f"it was ended after {capture.max_bytes} bytes"


def _pieces(output: IO[bytes], deadline: float) -> Iterator[bytes]:
    while (left := deadline - time.monotonic()) > 0:
        ready, _write, _errors = select.select([output], [], [], left)
        if not ready:
            return
        piece = os.read(output.fileno(), _PIECE)
        if not piece:
            return
        yield piece


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a program that has closed its output before the time was up."""
    try:
        return process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        return 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
