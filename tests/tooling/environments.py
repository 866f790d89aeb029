# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python environments under .build/, each made once and again only when its requirements change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.tooling import places, pythons

REQUIREMENTS = places.REPOSITORY / "tests" / "requirements"


class NoPythonError(Exception):
    """No interpreter for an environment; the message names the versions that would do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its name, the Python versions that may carry it (best first), what fills it."""

    name: str
    pythons: tuple[str, ...]
    requirements: tuple[str, ...]
    complete: bool = False
    """Whether the requirements name every package that is needed, so that no dependency is looked for."""

    @property
    def path(self) -> Path:
        """Its folder."""
        return places.BUILD / ("venv" if self.name == "main" else f"venv-{self.name}")

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.path / "bin" / name)


MAIN = Environment("main", ("3.11", "3.12", "3.13"), ("develop.txt",))
LINT = Environment("lint", ("3.11", "3.12", "3.13"), ("lint.txt",))
DOCS = Environment("docs", ("3.11", "3.12", "3.13"), ("docs.txt",))
TARGET = Environment("target", ("3.9",), ("target.txt",))
# Event-Driven Ansible brings a rule engine and much else, and wants an ansible-core beside it.
EDA = Environment("eda", ("3.11", "3.12", "3.13"), ("eda.txt",))
# An independent client of Anchore, with the old libraries that it is bound to.
ANCHORECLI = Environment("anchorecli", ("3.11", "3.12"), ("anchorecli.txt",), complete=True)
# The Python that the users of each ansible-core are likeliest to have, where this machine has it.
CORES = {
    "2.18": Environment("core-2.18", ("3.11", "3.12"), ("core-2.18.txt", "unit.txt")),
    "2.19": MAIN,
    "2.20": Environment("core-2.20", ("3.12", "3.13"), ("core-2.20.txt", "unit.txt")),
    "2.21": Environment("core-2.21", ("3.13", "3.12"), ("core-2.21.txt", "unit.txt")),
}
ALL = {environment.name: environment for environment in (LINT, DOCS, TARGET, EDA, ANCHORECLI, *CORES.values())}


def _stamp(environment: Environment) -> str:
    digest = hashlib.sha256()
    for name in environment.requirements:
        digest.update((REQUIREMENTS / name).read_bytes())
    return digest.hexdigest()


def _is_there(environment: Environment) -> bool:
    """Whether it has a Python that still works: the one that it was made from may have gone."""
    python = environment.path / "bin" / "python"
    return any(pythons.works(python, version) for version in environment.pythons)


def _surroundings() -> dict[str, str]:
    # A user's PYTHONPATH or PIP_USER has no business in there.
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PIP_USER")}


def _create(environment: Environment) -> None:
    python = pythons.first_of(environment.pythons)
    if python is None:
        raise NoPythonError(f"no Python {' or '.join(environment.pythons)} on this machine")
    print(f"Python environment {environment.path.relative_to(places.REPOSITORY)}: {python}", flush=True)
    shutil.rmtree(environment.path, ignore_errors=True)
    subprocess.run([python, "-m", "venv", environment.path], check=True, env=_surroundings())


def _fill(environment: Environment) -> None:
    words = [environment.program("python"), "-m", "pip", "install", "--disable-pip-version-check"]
    for name in environment.requirements:
        words += ["--requirement", str(REQUIREMENTS / name)]
    if environment.complete:
        words.append("--no-deps")
    places.LOGS.mkdir(exist_ok=True)
    log = places.LOGS / f"{environment.path.name}.log"
    with log.open("w") as output:
        done = subprocess.run(
            words, env=_surroundings(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        print(f"----- the end of {log}\n{tail}\n-----", flush=True)
        done.check_returncode()


def ensure(environment: Environment) -> Environment:
    """Make it, or bring it up to date. Raises NoPythonError; CalledProcessError where pip fails, having said why."""
    places.BUILD.mkdir(exist_ok=True)
    with (places.BUILD / f"{environment.path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second finds the work done
        began = time.monotonic()
        marker = environment.path / ".requirements.sha256"
        if not _is_there(environment):
            _create(environment)
        if not marker.exists() or marker.read_text() != _stamp(environment):
            _fill(environment)
            marker.write_text(_stamp(environment))
            print(f"    {environment.path.name} filled in {time.monotonic() - began:.0f} s", flush=True)
    return environment
