# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restarting a daemon through whatever manages it, what its unit would start it with, and its last words."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import (
    said_without_secrets,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

_SYSTEMD = "/run/systemd/system"
_SHOWN = "MainPID,ExecStart,Environment,EnvironmentFiles,NeedDaemonReload,LoadState"


class RestartFailed(DockerError):
    """The service manager says that the daemon did not come up."""


@dataclass(frozen=True)
class DaemonService:
    """Who restarts the daemon: a command of the user's, or systemd with a unit's name."""

    command: tuple[str, ...] = ()
    unit: str = "docker"

    @property
    def systemd(self) -> bool:
        """Whether systemd restarts it."""
        return not self.command and os.path.isdir(_SYSTEMD)

    def restart(self, timeout: float) -> None:
        """Restart, and wait for the command to end. RestartFailed with what it said, where it failed or took longer."""
        if self.systemd:
            # A unit that failed a few times in a row is not started any more until its counter is reset.
            _run(self._systemctl("reset-failed", self.unit), 10)
        code, said = _run(self.command or self._systemctl("restart", self.unit), timeout)
        if code is None:
            raise RestartFailed(f"the restart did not end within {timeout:.0f} s")
        if code:
            raise RestartFailed(reason_in(said) or f"the restart ended with exit code {code}")

    def problem(self, process: DaemonProcess | None) -> str | None:
        """Why this would not restart that very daemon, with what to do; None where it would."""
        if self.command:
            return None
        if not self.systemd:
            return "there is no systemd here: say with restart_command how this daemon is restarted"
        main_pid = self.shown().get("MainPID", "0")
        if process is not None and main_pid not in ("0", str(process.pid)):
            return (
                f"the unit {self.unit} runs process {main_pid}, and the daemon at docker_host is process "
                f"{process.pid}: name its unit with service, or use restart_command"
            )
        return None

    def shown(self) -> dict[str, str]:
        """The properties of the unit that matter here; empty without systemd."""
        if not self.systemd:
            return {}
        _status, said = _run(self._systemctl("show", self.unit, f"--property={_SHOWN}"), 10)
        pairs = (line.partition("=") for line in said.splitlines())
        return {name: value for name, _equals, value in pairs if name}

    def next_argv(self, process: DaemonProcess | None) -> tuple[str, ...] | None:
        """The command line that the unit would start the daemon with; None where no unit is known to run it."""
        shown = self.shown()
        if process is not None and shown.get("MainPID") != str(process.pid):
            return None
        match = re.search(r"argv\[\]=(.*?) ; ignore_errors", shown.get("ExecStart", ""))
        return tuple(_expanded(match[1], _environment(shown))) if match else None

    def last_words(self, since: float) -> list[str]:
        """What the journal has from the unit since a time (epoch seconds)."""
        if not self.systemd:
            return []
        scope = [] if os.geteuid() == 0 else ["--user"]
        command = [
            "journalctl",
            *scope,
            "-u",
            self.unit,
            f"--since=@{since:.3f}",
            "-n",
            "40",
            "--no-pager",
            "-o",
            "cat",
        ]
        return _run(command, 10)[1].splitlines()

    @staticmethod
    def _systemctl(*words: str) -> tuple[str, ...]:
        # A rootless daemon belongs to its user's own systemd.
        return ("systemctl", *(() if os.geteuid() == 0 else ("--user",)), *words)


def _run(command: Sequence[str], timeout: float) -> tuple[int | None, str]:
    """Exit code (None: it did not end in time) and output of a command, which is ended with its children then.

    The output goes to a file and not through a pipe: a daemon that a command leaves behind keeps a pipe open.
    """
    with tempfile.TemporaryFile() as output:
        try:
            # run_command() waits for the end of every pipe and knows no timeout.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        except OSError as exc:
            raise DockerError(f"{command[0]} cannot be run: {exc.strerror}") from exc
        try:
            code: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        output.seek(0)
        return code, output.read().decode("utf-8", "replace")


def _environment(shown: Mapping[str, str]) -> dict[str, str]:
    """The variables that the unit gives its command: its own, then those of its files."""
    pairs = dict(word.partition("=")[::2] for word in _words(shown.get("Environment", "")))
    for path in re.findall(r"(/\S+) \(ignore_errors=\w+\)", shown.get("EnvironmentFiles", "")):
        pairs.update(_variables(path))
    return pairs


def _variables(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file]
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, separator, value = line.partition("=")
        if separator and not line.startswith(("#", ";")):
            found[name.strip()] = " ".join(_words(value)) if value[:1] in "\"'" else value.strip()
    return found


def _expanded(line: str, environment: Mapping[str, str]) -> list[str]:
    """A unit's command line with its variables put in: $NAME as words, ${NAME} as a part of one."""
    words: list[str] = []
    for word in _words(line):
        if re.fullmatch(r"\$\w+", word):
            words += _words(environment.get(word[1:], ""))
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), word))
    return words


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


class DaemonLog:
    """What a daemon writes to its standard error from now on, where that is a file or the journal."""

    def __init__(self, process: DaemonProcess | None, service: DaemonService) -> None:
        self._service = service
        link = f"{process.proc}/{process.pid}/fd/2" if process else ""
        self._path = os.path.realpath(link) if link and os.path.isfile(link) else ""
        self.mark()

    def mark(self) -> None:
        """Forget what was written so far."""
        self._since = time.time()
        self._size = os.path.getsize(self._path) if self._path and os.path.exists(self._path) else 0

    def reason(self) -> str:
        """The daemon's own words about what is wrong, one line; "" where it said nothing that we can read."""
        if not self._path:
            return error_in("\n".join(self._service.last_words(self._since)))
        try:
            with open(self._path, "rb") as file:
                file.seek(self._size)
                return error_in(file.read()[-65536:].decode("utf-8", "replace"))
        except OSError:
            return ""


def error_in(text: str) -> str:
    """The last line of a daemon's log that is an error, without secrets; "" where there is none."""
    lines = [line.strip() for line in text.splitlines()]
    plain = [line for line in lines if re.match(r"(failed|unable|error|invalid|fatal)\b", line, re.IGNORECASE)]
    logged = [match[1] for line in lines if (match := re.search(r'level=(?:error|fatal) msg="((?:\\.|[^"])*)"', line))]
    return said_without_secrets((plain or logged or [""])[-1].replace('\\"', '"'))[:600]


def reason_in(text: str) -> str:
    """The same for what a command printed, of which the last line will do."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return error_in(text) or said_without_secrets((lines or [""])[-1])[:600]
