# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a scanner's program: no shell, an environment of our own, bounded in time and in what is read of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

_LARGEST = 1 << 30
# What a scanner needs of the surroundings; all else, and with it every secret of a CI, stays out.
_PASSED_ON = (
    *("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
)


def find(program: str) -> str:
    """The path of a program. Raises ScannerError where it is not installed."""
    found = shutil.which(program)
    if found is None:
        raise ScannerError("unreachable", f"{program} is not installed here, or cannot be executed")
    return found


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for this run alone, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-image-") as folder:
        yield Path(folder)


def run_json(
    command: Sequence[str], output: Path, variables: Mapping[str, str], *, deadline: float | None, what: str
) -> Any:
    """What a program writes to `output` (its path is in the command) as JSON. Raises ScannerError.

    deadline: of time.monotonic(). The program, and what it started, are ended there.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    seconds = None if deadline is None else deadline - time.monotonic()
    if seconds is not None and seconds <= 0:
        raise ScannerError("timeout", f"{what}: no time was left")
    status, said = _run(list(command), {**environment, **variables}, seconds, what)
    if status:
        raise ScannerError("analysis_failed", f"{what}: {_last_words(said)}")
    return read_json(output, what)


def _run(command: list[str], environment: Mapping[str, str], seconds: float | None, what: str) -> tuple[int, bytes]:
    """Exit code and standard error. In a session of its own, so that what it starts ends with it."""
    try:
        # Programs without Ansible run this, too, and have no module to run a command by.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as exc:
        raise ScannerError("unreachable", f"{what}: {command[0]} cannot be run: {exc.strerror}") from exc
    with process:
        try:
            _nothing, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as exc:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise ScannerError("timeout", f"{what}: not ready after {seconds:.0f} s") from exc
    return process.returncode, said


def read_json(path: Path, what: str) -> Any:
    """A JSON file of a scanner. Raises ScannerError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ScannerError("invalid_answer", f"{what}: {path} is larger than 1 GB")
        return json.loads(path.read_bytes())
    except OSError as exc:
        raise ScannerError("invalid_answer", f"{what}: {path} cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise ScannerError("invalid_answer", f"{what}: what was written is not JSON") from exc


def _last_words(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    said = lines[-1] if lines else "it failed and said nothing"
    return "".join(letter for letter in said if letter.isprintable())[:300]
