# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart an API server with the list that k3s would give it, and end when that is begun: what stands in for k3s.

    python k3s_stand_in.py RESTART_FILE

RESTART_FILE is JSON: {program, flags, config, log, pidfile}. A flag of the list in `config` takes the place of its
namesake in `flags`, as it takes that of k3s' own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml


def command(settings: dict[str, Any]) -> list[str]:
    """The whole command line."""
    config = Path(settings["config"])
    listed = ((yaml.safe_load(config.read_text()) if config.exists() else {}) or {}).get("kube-apiserver-arg", [])
    mine = {str(word).partition("=")[0] for word in listed}
    kept = [flag for flag in settings["flags"] if flag[2:].partition("=")[0] not in mine]
    return [settings["program"], *kept, *[f"--{word}" for word in listed]]


def end(pidfile: Path) -> None:
    """End the process of the pidfile, and wait for it."""
    if not pidfile.exists():
        return
    pid = int(pidfile.read_text())
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    stat = Path(f"/proc/{pid}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX":
        time.sleep(0.02)


def main() -> None:
    """Restart it."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    end(Path(settings["pidfile"]))
    with Path(settings["log"]).open("ab") as log:
        process = subprocess.Popen(
            command(settings), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    Path(settings["pidfile"]).write_text(str(process.pid))


if __name__ == "__main__":
    main()
