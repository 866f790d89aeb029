# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run oscap: no shell, a time limit that ends all that it has started, and an end that is understood."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError

# `oscap xccdf eval`: all rules passed; some rule failed. Everything else is no evaluation.
PASSED, RULES_FAILED = 0, 2
_SAYS = 65536


def locate(program: str) -> str:
    """The path of oscap. Raises OpenscapError."""
    found = shutil.which(program)
    if found is None:
        raise OpenscapError(f"There is no program {program} on this host; install openscap-scanner, or set program")
    return os.path.abspath(found)


def run(command: Sequence[str], seconds: float, variables: Mapping[str, str], what: str, good: Sequence[int]) -> str:
    """What it prints, cut off at 64 KiB. Raises OpenscapError where it ends otherwise than by a code of `good`."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **variables}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        code = _wait(command, seconds, environment, output, errors, what)
        said, complained = _read(output), _read(errors)
    if code in good:
        return said
    raise OpenscapError(f"{what}: oscap ended with {code} and not with an evaluation: {_last(complained or said)}")


def _wait(
    command: Sequence[str],
    seconds: float,
    environment: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
    what: str,
) -> int:
    try:
        # module.run_command knows no time limit, and one that was ended leaves the probes of oscap behind.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as exc:
        raise OpenscapError(f"{what}: {command[0]} cannot be run: {exc.strerror}") from exc
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as exc:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise OpenscapError(f"{what}: not ready after {seconds:g} s; raise timeout, or evaluate fewer rules") from exc


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_SAYS).decode(errors="replace")


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join("".join(filter(str.isprintable, line)) for line in lines[-2:])[:400] or "it said nothing"
