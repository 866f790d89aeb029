# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the API server anew, and waiting until the one that answers is the one with the new configuration.

A static pod is started by the kubelet as soon as its manifest changes; k3s by its service or the user's command.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.health import (
    Endpoint,
    last_words,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.process import (
    Process,
    holds_port,
    listener,
    named,
    runs_with,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.static_pod import StaticPod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_POLL = 0.2
# A server that is about to end still answers for a moment.
_STEADY = 3
# A first start may fail because the old server still holds the port; one that ends this often ends always.
_MOST_ENDS = 3
# Seconds; the kubelet itself waits for up to a minute and a half before it starts what has ended again.
_PATIENCE = 180.0
_LOGS = (
    "/var/log/pods/kube-system_kube-apiserver-*/kube-apiserver/*.log",
    "/var/log/containers/kube-apiserver-*.log",
)
_JOURNAL_TIMEOUT = 20


class NotInEffect(K8sError):
    """The API server does not run with the configuration that it should run with."""


class Restart:
    """Restarts of one API server."""

    def __init__(self, params: Mapping[str, Any], situation: Situation) -> None:
        self._timeout = float(params["health_timeout"])
        self._command = _words(params["restart_command"]) or ["systemctl", "restart", str(params["service"])]
        self._service = str(params["service"])
        self._logs = params["log_files"] or _LOGS
        self._situation = situation
        self._endpoint = situation.endpoint

    def running(self) -> set[str]:
        """Identities of the API servers that run now, so that a new one can be told from them."""
        if self._situation.pod:
            return {process.identity for process in named(self._situation.pod.words[0])}
        process = listener(self._endpoint.port)
        return {process.identity} if process else set()

    def in_effect(self) -> bool | None:
        """Whether the manifest's command line is that of a running process; None where that cannot be told."""
        servers = named(self._situation.pod.words[0]) if self._situation.pod else []
        if not self._situation.pod or not servers:
            return None
        return any(runs_with(process, self._situation.pod.words) for process in servers)

    def go_back(self, text: str | None) -> None:
        """The same with the configuration from before, and with patience: nothing is won by giving up early."""
        self._timeout = max(self._timeout, _PATIENCE)
        self.carry_out(text, set())

    def carry_out(self, text: str | None, old: set[str]) -> None:
        """Bring the configuration `text`, which is in its place, into effect. Raises NotInEffect.

        old: identities of processes that are not the one to wait for.
        """
        if self._situation.pod:
            words = StaticPod(self._situation.path, text or "").words
            self._wait(lambda: [each for each in named(words[0]) if runs_with(each, words)], old)
            return
        self._run_command()
        self._wait(lambda: [each for each in [listener(self._endpoint.port)] if each], old)

    def said(self) -> str:
        """The last words of the API server's log."""
        if self._situation.pod or self._logs is not _LOGS:
            return last_words(self._logs)
        return _journal(self._service)

    def _wait(self, candidates: Callable[[], list[Process]], old: set[str]) -> None:
        deadline = time.monotonic() + self._timeout
        steady, seen = 0, set[str]()
        while time.monotonic() < deadline:
            fresh = [process for process in candidates() if process.identity not in old]
            now = {process.identity for process in fresh}
            steady = steady + 1 if self._serves(fresh) else 0
            if steady >= _STEADY:
                return
            seen |= now
            if len(seen - now) >= _MOST_ENDS:
                break
            time.sleep(_POLL)
        raise NotInEffect(_why(self._endpoint, seen, candidates, self._timeout))

    def _serves(self, fresh: Sequence[Process]) -> bool:
        """Whether one of these answers; not the old server, which may hold the port until it has ended."""
        held = [holds_port(process, self._endpoint.port) for process in fresh]
        return any(each is not False for each in held) and self._endpoint.ready()

    def _run_command(self) -> None:
        try:
            # AnsibleModule.run_command has no time limit.
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                self._command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=self._timeout,
            )
        except FileNotFoundError as exc:
            raise NotInEffect(f"{self._command[0]} is not there: name a restart_command") from exc
        except subprocess.TimeoutExpired as exc:
            raise NotInEffect(f"{shlex.join(self._command)} did not end in {self._timeout:g} s") from exc
        if done.returncode:
            said = " ".join(done.stdout.split())[-300:]
            raise NotInEffect(f"{shlex.join(self._command)} failed with {done.returncode}: {said}")


def _words(command: Sequence[str] | None) -> list[str]:
    """A command that is one text is split as a shell would."""
    given = list(command or ())
    return shlex.split(given[0]) if len(given) == 1 else given


def _why(endpoint: Endpoint, seen: set[str], candidates: Callable[[], list[Process]], timeout: float) -> str:
    if not seen:
        return f"no API server was started with it in {timeout:g} s (does the kubelet run?)"
    if not candidates():
        return f"it was started {len(seen)} times and ended each time"
    status = endpoint.status()
    state = "does not answer" if status is None else f"answers /readyz with {status}"
    return f"it runs, but {state} at {endpoint}"


def _journal(service: str) -> str:
    command = ["journalctl", "-u", service, "-n", "20", "--no-pager", "-o", "cat"]
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, check=False, capture_output=True, text=True, timeout=_JOURNAL_TIMEOUT
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return "; ".join(line[:300] for line in done.stdout.splitlines()[-3:])
