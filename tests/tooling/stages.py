# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `make check` and `make test`: what each runs, and in which environment."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.tooling import documentation, packages, places, sanity
from tests.tooling.environments import ANCHORECLI, CORES, DOCS, EDA, LINT, MAIN, TARGET, Environment, ensure
from tests.tooling.outcome import Log, Outcome, from_junit, skipped

_PLUGINS = places.COLLECTIONS / places.IN_COLLECTIONS / "plugins"
_EVENT_PLUGINS = _PLUGINS.parent / "extensions" / "eda" / "plugins"
# Programs of their own, which their roles install: the response runner, the admission webhook, and the image gate with
# what makes one file of it.
_PROGRAMS = (
    places.REPOSITORY / "roles" / "response_engine" / "files" / "bulkhead_response",
    places.REPOSITORY / "roles" / "anchore_admission" / "files" / "bulkhead_admission",
    places.REPOSITORY / "roles" / "jenkins_image_gate" / "files",
)
# What Ansible sends to a target, where Python may be 3.9; all else runs on the controller.
_ON_TARGETS = ("modules", "module_utils")
_TARGET_VERDICT = re.compile(r"^integration target \S+: (passed|failed)")


@dataclass(frozen=True)
class Stage:
    """A name, what it proves, the environment that it needs, and the work."""

    name: str
    proves: str
    environment: Environment
    work: Callable[[Log], Outcome]
    packages: tuple[str, ...] = ()


def collections_path() -> dict[str, str]:
    """The variables with which Ansible and Python find the collection in the checkout, and nothing of the user's."""
    path = str(places.link_collection())
    return {"ANSIBLE_COLLECTIONS_PATH": path, "PYTHONPATH": f"{places.REPOSITORY}{os.pathsep}{path}"}


def _commands(*commands: Sequence[str]) -> Callable[[Log], Outcome]:
    """Each command is one test; its program is taken from the main environment."""

    def work(log: Log) -> Outcome:
        outcome = Outcome()
        for program, *arguments in commands:
            outcome += log.check([MAIN.program(program), *arguments], collections_path())
        return outcome

    return work


def _types(log: Log) -> Outcome:
    places.link_collection()
    there = [folder for folder in sorted(_PLUGINS.iterdir()) if any(folder.rglob("*.py"))]
    on_targets = [str(folder) for folder in there if folder.name in _ON_TARGETS]
    controller = [str(folder) for folder in there if folder.name not in _ON_TARGETS]
    mypy = MAIN.program("mypy")
    cache = ["--cache-dir", str(places.BUILD / "mypy_cache")]
    return log.check([mypy, *cache, "--python-version", "3.9", *on_targets]) + log.check(
        [mypy, *cache, *controller, str(_EVENT_PLUGINS), *map(str, _PROGRAMS), "tests", "docs"]
    )


def pytest(environment: Environment, log: Log, *folders: str, name: str, options: Sequence[str] = ()) -> Outcome:
    """The tests of these folders, counted from pytest's own report."""
    report = places.LOGS / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [environment.program("python"), "-m", "pytest", f"--junitxml={report}", *options, *folders]
    return from_junit(report, log.run(command, collections_path()))


def _units(environment: Environment, name: str, *folders: str) -> Callable[[Log], Outcome]:
    options = ("-q", "-o", f"cache_dir=.build/pytest_cache-{name}")  # several run at once
    return lambda log: pytest(environment, log, *(folders or ("tests/unit",)), name=name, options=options)


def _lab_missing() -> str:
    left = ", ".join(package.name for package in packages.missing(["lab"]))
    return f"missing on this machine: {left}" if left else "needs root" if os.geteuid() else ""


def _integration(log: Log) -> Outcome:
    reason = _lab_missing()
    if reason:
        return skipped(reason)
    status = log.run([MAIN.program("python"), "-m", "tests.lab", "integration"], collections_path())
    verdicts = [match.group(1) for line in log.lines() if (match := _TARGET_VERDICT.match(line))]
    outcome = Outcome(verdicts.count("passed"), verdicts.count("failed"))
    # It ended badly without naming a target: it never got that far.
    return outcome if (status == 0 and verdicts) or outcome.failed else outcome + Outcome(failed=1)


def _e2e(log: Log) -> Outcome:
    reason = _lab_missing()
    if reason:
        return skipped(reason)
    for environment in (EDA, ANCHORECLI):
        ensure(environment)  # the tests find its programs by path
    return pytest(MAIN, log, "tests/e2e", name="e2e", options=("-v",))


def _ansible_lint(log: Log) -> Outcome:
    # In a copy: through the symlinked tree it would lint each file under two names.
    copy = places.copy_collection(places.BUILD / "ansible-lint")
    path = os.pathsep.join([str(LINT.path / "bin"), os.environ.get("PATH", os.defpath)])
    variables = {"PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(places.BUILD / "ansible-lint"), "NO_COLOR": "1"}
    return log.check([LINT.program("ansible-lint"), "--offline"], variables, copy)


CHECK: tuple[Stage, ...] = (
    Stage("format", "every Python file is formatted", MAIN, _commands(["ruff", "format", "--check", "."])),
    Stage("lint", "no lint finding in Python", MAIN, _commands(["ruff", "check", "."])),
    Stage("types", "types are complete and agree, Python 3.9 on targets", MAIN, _types),
    Stage("spelling", "no common misspelling", MAIN, _commands(["codespell"])),
    Stage("yaml", "every YAML file is well-formed and in style", MAIN, _commands(["yamllint", "--strict", "."])),
    Stage("changelog", "changelog fragments are valid", MAIN, _commands(["antsibull-changelog", "lint"])),
    Stage(
        "generated",
        "generated files match their sources",
        MAIN,
        _commands(["python", "-m", "tests.tooling", "generate", "--check"]),
    ),
    Stage("units", "unit tests, ansible-core 2.19", MAIN, _units(MAIN, "units")),
)
_ON_TARGET = tuple(f"tests/unit/plugins/{folder}" for folder in _ON_TARGETS)
UNITS: tuple[Stage, ...] = (
    Stage("units-target", "unit tests on a target's Python 3.9", TARGET, _units(TARGET, "units-target", *_ON_TARGET)),
    *(
        Stage(f"units-{core}", f"unit tests, ansible-core {core}", environment, _units(environment, f"units-{core}"))
        for core, environment in CORES.items()
        if environment is not MAIN
    ),
)
SANITY: tuple[Stage, ...] = tuple(
    Stage(
        f"sanity-{core}",
        f"ansible-test sanity, ansible-core {core}",
        environment,
        functools.partial(sanity.run, core, environment),
        ("sanity",),
    )
    for core, environment in CORES.items()
)
LONG: tuple[Stage, ...] = (
    Stage("ansible-lint", "ansible-lint, production profile", LINT, _ansible_lint),
    Stage("docs", "documentation is complete and builds without a warning", DOCS, documentation.build),
    Stage(
        "integration", "integration targets, on real daemons and clusters", MAIN, _integration, ("lab", "kubernetes")
    ),
    Stage(
        "e2e",
        "whole playbooks on real daemons and clusters",
        MAIN,
        _e2e,
        ("lab", "kubernetes", "browser", "eda", "falco", "images"),
    ),
)
ALL: dict[str, Stage] = {stage.name: stage for stage in (*CHECK, *UNITS, *SANITY, *LONG)}
# Each inner tuple runs in order; the tuples of a group run side by side, for which two cores are enough.
GROUPS: dict[str, tuple[tuple[Stage, ...], ...]] = {
    "check": (CHECK,),
    "sanity": (SANITY[:2], SANITY[2:]),
    "test": ((*CHECK, *LONG), (*UNITS, *SANITY)),
}
