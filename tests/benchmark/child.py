# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command from a small process, and write what it cost: `python -IS child.py RESULT_FILE COMMAND…`.

The kernel counts the memory of the process that forks towards the peak of its child, so a large parent cannot measure.
"""

from __future__ import annotations

import os
import sys
import time


def main(result: str, command: list[str]) -> None:
    """Write `cpu wall kilobytes exit_code` to the file `result`."""
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _pid, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    descriptor = os.open(result, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, f"{usage.ru_utime + usage.ru_stime} {wall} {usage.ru_maxrss} {code}".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
