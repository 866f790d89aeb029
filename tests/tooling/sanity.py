# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-test sanity` against one ansible-core, with nothing but a package index within reach."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.tooling import places, pythons
from tests.tooling.environments import Environment
from tests.tooling.outcome import Log, Outcome

_OFFLINE_GET_PIP = Path(__file__).with_name("offline_get_pip.py")
_PIP_VERSION = re.compile(r"\bpip='([\d.]+)'")
_STARTED = re.compile(r'^Running sanity test "')
_VERDICT = re.compile(r"^FATAL: The (\d+) sanity test\(s\) listed below \(out of (\d+)\) failed")
_ON_PYTHON = re.compile(r'^Running sanity test "import" on Python ([\d.]+)')
# pslint reads PowerShell, shellcheck shell scripts: they have nothing to check without such files, else need a program.
_NEEDS = {"pslint": ({".ps1", ".psm1", ".psd1"}, "pwsh"), "shellcheck": ({".sh"}, "shellcheck")}


def _home(core: str, environment: Environment) -> Path:
    """A home for ansible-test: it keeps its environments in ~/.ansible/test, and looks there for get-pip.py first."""
    home = places.CACHE / f"ansible-test-{core}"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    [library] = environment.path.glob("lib/python3*/site-packages/ansible_test/_internal")
    for version in set(_PIP_VERSION.findall((library / "python_requirements.py").read_text())):
        shutil.copyfile(_OFFLINE_GET_PIP, cache / f"get_pip_{version.replace('.', '_')}.py")
    _carry_over_pip_settings(environment, home)
    return home


def _carry_over_pip_settings(environment: Environment, home: Path) -> None:
    """ansible-test drops PIP_* variables, and pip.conf stays behind in the real home: write the settings down again."""
    listing = subprocess.run(
        [environment.program("python"), "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    settings = {}
    for line in listing.stdout.splitlines():
        key, _separator, value = line.partition("=")
        scope, _separator, name = key.rpartition(".")
        if scope in ("global", "install", ":env:") and name not in ("cache-dir", "require-virtualenv", "user"):
            settings[name] = str(ast.literal_eval(value)).replace("\n", "\n    ")
    configuration = home / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.touch(mode=0o600)  # an index address may carry a password
    configuration.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))


def _left_out(place: Path) -> tuple[list[str], Outcome]:
    """The tests that cannot run here; those that would have something to check count as skipped."""
    names, outcome = [], Outcome()
    for test, (suffixes, program) in _NEEDS.items():
        if not any(file.suffix in suffixes for file in place.rglob("*")):
            names.append(test)
            outcome += Outcome(remarks=(f"{test} left out: the collection has no file for it",))
        elif shutil.which(program) is None:
            names.append(test)
            outcome += Outcome(skipped=1, remarks=(f"{test} skipped: {program} is not installed",))
    return names, outcome


def _count(log: Log, status: int) -> Outcome:
    lines = log.lines()
    started = sum(1 for line in lines if _STARTED.match(line))
    verdict = next((match for line in reversed(lines) if (match := _VERDICT.match(line))), None)
    failed = int(verdict.group(1)) if verdict else int(status != 0 or not started)
    imported = " ".join(match.group(1) for line in lines if (match := _ON_PYTHON.match(line)))
    return Outcome(max(started - failed, 0), failed, remarks=(f"code imported on Python {imported}",))


def run(core: str, environment: Environment, log: Log) -> Outcome:
    """Every sanity test, on every Python of this machine that this ansible-core supports. No ignore file is allowed."""
    place = places.copy_collection(places.BUILD / "sanity" / core)
    if list(place.glob("tests/sanity/ignore*")):
        log.write("tests/sanity has an ignore file: repair what it hides instead")
        return Outcome(failed=1)
    command = [environment.program("ansible-test"), "sanity", "--local", "--color", "no"]
    names, idle = _left_out(place)
    for name in names:
        command += ["--skip-test", name]
    path = os.pathsep.join([str(environment.path / "bin"), *pythons.folders()])
    variables = {"HOME": str(_home(core, environment)), "PATH": path, "LANG": "C.UTF-8"}
    status = log.run_bare(command, variables, place)
    # pip talks between the tests: say once more, at the end, what is wrong.
    for line in [line for line in log.lines() if line.startswith(("ERROR: ", "FATAL: "))]:
        log.write(line)
    return _count(log, status) + idle
