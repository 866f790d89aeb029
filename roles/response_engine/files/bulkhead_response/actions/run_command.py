# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_command: a fixed program of this host, with the alert on its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from typing import Any

from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.outcome import DONE, FAILED, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.report import report
from bulkhead_response.step import Context

_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_LARGEST_OUTPUT = 4096
_PIECE = 65536


class RunCommand:
    """argv: program (an absolute path) and words, as they stand here: nothing of an alert gets onto a command line.

    timeout: seconds until it and all that it started are killed. On its standard input it gets JSON: schema_version,
    alert, response (with `key`, which is the same when the step is run once more after a runner's death).
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("argv", "timeout"))
        self._argv = given.texts("argv")
        self._timeout = given.number("timeout", 20, 0.1, 3600)
        if not self._argv or not os.path.isabs(self._argv[0]):
            raise ConfigError("argv: must begin with the absolute path of a program")

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """What comes of it. The output is bounded; it is in the details only."""
        program = self._argv[0]
        if context.dry_run:
            return Outcome(WOULD_DO, f"{program} would be run")
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return Outcome(FAILED, f"{program} cannot be run: {os.strerror(error.errno or 0)}")
        return await self._attend(process, json.dumps(report(alert, context), default=str).encode())

    async def _attend(self, process: asyncio.subprocess.Process, told: bytes) -> Outcome:
        program = self._argv[0]
        try:
            output = await asyncio.wait_for(_talk(process, told), self._timeout)
        except asyncio.TimeoutError:
            await _kill(process)
            return Outcome(FAILED, f"{program} did not end within {self._timeout:g} s and was killed")
        except asyncio.CancelledError:  # the runner itself gives up on the step
            await _kill(process)
            raise
        details = {"exit_code": process.returncode, "output": output}
        if process.returncode:
            return Outcome(FAILED, f"{program} ended with {process.returncode}", details=details)
        return Outcome(DONE, f"{program} ended well", details=details)


async def _talk(process: asyncio.subprocess.Process, told: bytes) -> str:
    """Give it its input, read its output to the end; the first part of the output."""
    writing = asyncio.ensure_future(_feed(process, told))
    kept = b""
    try:
        assert process.stdout is not None
        while piece := await process.stdout.read(_PIECE):
            kept = (kept + piece)[:_LARGEST_OUTPUT]
        await process.wait()
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    return kept.decode(errors="replace")


async def _feed(process: asyncio.subprocess.Process, told: bytes) -> None:
    """A program need not read what it is told."""
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):
        process.stdin.write(told)
        await process.stdin.drain()
        process.stdin.close()


async def _kill(process: asyncio.subprocess.Process) -> None:
    """It and all that it has started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
