# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python interpreters this machine has: on PATH, and those of pyenv that its shims would hide."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

_WHAT_IT_IS = "import sys, venv; print('%d.%d' % sys.version_info[:2])"


def folders() -> list[str]:
    """PATH without pyenv's shims, which refuse each version but the selected one, and with pyenv's versions instead."""
    path = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(folder).name != "shims"]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return path + [str(folder) for folder in sorted(root.glob("versions/3.*/bin"))]


def works(program: Path, version: str) -> bool:
    """Whether the program is a Python of that version, with which environments can be made."""
    try:
        answer = subprocess.run([program, "-c", _WHAT_IT_IS], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == version


@functools.cache
def find(version: str) -> Path | None:
    """A working interpreter of the version ("3.12") that can make environments, or None."""
    candidates = (Path(folder) / f"python{version}" for folder in folders())
    return next((program for program in candidates if program.is_file() and works(program, version)), None)


def first_of(versions: tuple[str, ...]) -> Path | None:
    """The interpreter of the first version that is here, or None."""
    return next((program for program in map(find, versions) if program), None)
