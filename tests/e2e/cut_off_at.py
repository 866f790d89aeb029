# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module and end at its step N as a power cut would: at once, without a word, whatever is open.

    python -m tests.e2e.cut_off_at N ARGUMENTS_FILE [MODULE]

MODULE is docker_daemon_config unless another one is named.

A step is a call that changes something outside the process: a file opened for writing, written to (half of it is, at
the cut), flushed, renamed, removed, its mode changed; a folder made; a signal sent; a program started. With N = 0 the
run is whole, and the steps are counted on standard error.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

_STEPS = ("open", "write", "fsync", "replace", "unlink", "fchmod", "fchown", "makedirs", "kill")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Cutter:
    """Counts the steps, and ends the process at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.names: list[str] = []

    def step(self, name: str) -> bool:
        """Count a step; whether it is the last one."""
        self.names.append(name)
        return len(self.names) == self.at

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, with the cut before it."""

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            counts = name != "open" or bool(args[1] & _WRITING)
            if counts and self.step(name):
                if name == "write":
                    call(args[0], args[1][: len(args[1]) // 2])
                os._exit(137)
            return call(*args, **kwargs)

        return wrapped


def main() -> None:
    """Take the arguments and go."""
    cutter = Cutter(int(sys.argv[1]))
    name = sys.argv[3] if len(sys.argv) > 3 else "docker_daemon_config"
    sys.argv[1:] = [sys.argv[2]]
    module = importlib.import_module(f"ansible_collections.bulkhead.container_security.plugins.modules.{name}")

    for step in _STEPS:
        setattr(os, step, cutter.wrap(step, getattr(os, step)))
    start = cutter.wrap("Popen", subprocess.Popen.__init__)
    try:
        with mock.patch.object(subprocess.Popen, "__init__", start):
            module.main()
    finally:
        sys.stderr.write(" ".join(cutter.names))


if __name__ == "__main__":
    main()
