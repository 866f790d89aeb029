# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module as a target would, or a playbook as a user would."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.dockerd import REPOSITORY, LabError

COLLECTIONS = REPOSITORY / ".build" / "collections"
CALLBACKS = Path(__file__).resolve().parent / "callbacks"
_MODULES = "ansible_collections.bulkhead.container_security.plugins.modules"


def _target_path(python: str | None, folder: Path) -> str:
    """The PYTHONPATH of a target: this collection, and for another Python only what Ansible brings there."""
    if python is None:
        return str(COLLECTIONS)
    for package in ("ansible", "jmespath"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise LabError(f"{package} is not installed beside {sys.executable}")
        (folder / package).symlink_to(spec.submodule_search_locations[0])
    return f"{COLLECTIONS}:{folder}"


def run_module(
    name: str,
    args: Mapping[str, Any],
    *,
    check: bool = False,
    diff: bool = False,
    python: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> dict[str, Any]:
    """Run one of our modules in a process of its own, and return what it printed.

    `failed` is in the result where the module failed; nothing is raised for that. LabError where it printed no JSON.
    python: another interpreter, such as /usr/bin/python3.9. The task machinery is left out: 0.2 s instead of 1.5 s.
    """
    options = {"_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_remote_tmp": tempfile.gettempdir()}
    with tempfile.TemporaryDirectory(prefix="bulkhead-module-") as folder:
        arguments = Path(folder, "arguments.json")
        arguments.touch(0o600)
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {**args, **options}}))
        environment = {**os.environ, "PYTHONPATH": _target_path(python, Path(folder)), **(env or {})}
        result = subprocess.run(
            [python or sys.executable, "-m", f"{_MODULES}.{name}", str(arguments)],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd=folder,
            timeout=timeout,
        )
    try:
        answer = json.loads(result.stdout)
    except ValueError as error:
        raise LabError(
            f"{name} printed no JSON (exit code {result.returncode}):\n{result.stdout}{result.stderr}"
        ) from error
    if not isinstance(answer, dict):
        raise LabError(f"{name} printed {result.stdout!r}")
    return answer


@dataclass(frozen=True)
class PlaybookResult:
    """What a run of ansible-playbook left: exit code, output, seconds, and the record of its tasks."""

    rc: int
    stdout: str
    stderr: str
    seconds: float
    record: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    def stats(self) -> dict[str, dict[str, int]]:
        """{host: {ok, changed, unreachable, failures, skipped, rescued, ignored}}; empty where the run never began."""
        return dict(self.record.get("stats", {}))

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Every result in order: {task, role, action, host, status: ok|failed|ignored|skipped|unreachable, result}."""
        return list(self.record.get("tasks", []))

    @property
    def changed(self) -> list[str]:
        """The names of the tasks that changed something."""
        return [task["task"] for task in self.tasks if task["result"].get("changed")]

    @property
    def custom_stats(self) -> dict[str, Any]:
        """What `set_stats` left for the whole run, as AWX would show it."""
        return dict(self.record.get("custom", {}).get("_run", {}))

    def result_of(self, action: str) -> dict[str, Any]:
        """The last result of the tasks with this action, such as `docker_audit`. LabError where there is none."""
        for task in reversed(self.tasks):
            if task["action"].rpartition(".")[2] == action and task["status"] != "skipped":
                return dict(task["result"])
        raise LabError(f"no task ran {action}:\n{self.stdout}\n{self.stderr}")

    def check(self) -> PlaybookResult:
        """Itself, or LabError with the output where the run failed."""
        if self.rc:
            raise LabError(f"ansible-playbook ended with {self.rc}:\n{self.stdout}\n{self.stderr}")
        return self


def ansible_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which a user of the built collection runs Ansible, without this machine's own settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DOCKER_"))}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_RETRY_FILES_ENABLED": "false",
    }
    return {**environment, **(extra or {})}


def _playbook(path: Path | str) -> Path | str:
    """A file; a playbook of the collection by its file name (`audit.yml`); or a fully qualified name, as it is."""
    below = REPOSITORY / "playbooks" / str(path)
    return below if not Path(path).exists() and below.exists() else path


def _write_private(file: Path, value: object) -> Path:
    file.touch(0o600)
    file.write_text(json.dumps(value, default=str))
    return file


def run_playbook(
    path: Path | str,
    *,
    inventory: Path | str | Mapping[str, Any] | None = None,
    extra_vars: Mapping[str, Any] | None = None,
    check: bool = False,
    diff: bool = False,
    arguments: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    echo: bool = False,
    timeout: float = 900,
) -> PlaybookResult:
    """Run ansible-playbook with the collection of this checkout. Nothing is raised for a run that fails.

    path: a file, a playbook below playbooks/ (`audit.yml`), or a name (`bulkhead.container_security.audit`).
    inventory: a file, or data (`{"docker_hosts": {"hosts": {"lab": {}}}}`); default: localhost.
    echo: show its output to the person as well, as it comes.
    """
    with tempfile.TemporaryDirectory(prefix="bulkhead-playbook-") as name:
        folder = Path(name)
        if isinstance(inventory, Mapping):
            inventory = _write_private(folder / "inventory.json", inventory)
        command = ["ansible-playbook", str(_playbook(path)), "-i", str(inventory or "localhost,"), *arguments]
        if extra_vars:
            command += ["-e", f"@{_write_private(folder / 'variables.json', extra_vars)}"]
        command += ["--check"] * check + ["--diff"] * diff
        record = folder / "record.json"
        recorder = {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "lab_record",
            "BULKHEAD_LAB_RECORD": str(record),
        }
        began = time.monotonic()
        rc, stdout, stderr = _execute(command, ansible_environment({**recorder, **(env or {})}), folder, echo, timeout)
        recorded = json.loads(record.read_text()) if record.exists() else {}
        return PlaybookResult(rc, stdout, stderr, time.monotonic() - began, recorded)


def _execute(command: list[str], env: dict[str, str], cwd: Path, echo: bool, timeout: float) -> tuple[int, str, str]:
    """Run to the end; (exit code, stdout, stderr)."""
    errors = cwd / "stderr"
    with errors.open("w+") as stderr:
        process = subprocess.Popen(
            command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        killer = threading.Timer(timeout, process.kill)
        killer.start()
        lines = []
        with process:
            for line in process.stdout or ():
                lines.append(line)
                if echo:
                    print(f"    {line}", end="", flush=True)
        killer.cancel()
    return process.returncode, "".join(lines), errors.read_text()
