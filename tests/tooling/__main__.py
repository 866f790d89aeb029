# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Makefile's back end: `python3 -m tests.tooling packages|lab|venv|run|generate …`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from tests.tooling import environments, kubernetes_build, packages, places


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.tooling", description="What the Makefile calls.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verb = verbs.add_parser("packages", help="install the Debian packages of a group that are missing")
    verb.add_argument("names", nargs="+", choices=sorted(packages.GROUPS), metavar="GROUP")
    verbs.add_parser("lab", help="have all that the lab needs: Debian packages, and Kubernetes, which is built once")
    verb = verbs.add_parser("venv", help="make Python environments, or bring them up to date")
    verb.add_argument("names", nargs="+", choices=sorted(environments.ALL), metavar="NAME")
    verb = verbs.add_parser("run", help="run a group of stages, or single ones in the order given")
    verb.add_argument("names", nargs="+", metavar="GROUP|STAGE")
    verb = verbs.add_parser("generate", help="write the generated files")
    verb.add_argument("--check", action="store_true", help="write nothing; exit code 1 where one is out of date")
    return parser.parse_args()


def _run(names: list[str]) -> int:
    from tests.tooling import runner, stages

    unknown = [name for name in names if name not in stages.ALL and name not in stages.GROUPS]
    if unknown:
        known = ", ".join([*stages.GROUPS, *stages.ALL])
        print(f"no stage is called {unknown[0]!r}; there are: {known}", file=sys.stderr)
        return 2
    if len(names) == 1 and names[0] in stages.GROUPS:
        return runner.run(stages.GROUPS[names[0]])
    single = [stage for name in names for lane in stages.GROUPS.get(name, ((stages.ALL.get(name),),)) for stage in lane]
    return runner.run([[stage for stage in single if stage]])


def _venv(names: list[str]) -> int:
    if packages.ensure(["venv"]):
        return 1
    for name in names:
        environments.ensure(environments.ALL[name])
    places.link_collection()
    return 0


def _generate(*, check: bool) -> int:
    # Only in the main environment: the generators read YAML and our control tables.
    from tests.tooling.generate.generated import check as check_all
    from tests.tooling.generate.generated import write as write_all

    return check_all() if check else write_all()


def main() -> int:
    """The exit code."""
    arguments = _arguments()
    try:
        if arguments.verb == "packages":
            return int(bool(packages.ensure(arguments.names)))
        if arguments.verb == "lab":
            left = packages.ensure(["lab"])
            kubernetes_build.prepare()  # the Docker half of the lab does without
            return int(bool(left))
        if arguments.verb == "venv":
            return _venv(arguments.names)
        if arguments.verb == "run":
            return _run(arguments.names)
        return _generate(check=arguments.check)
    except environments.NoPythonError as error:
        print(f"tooling: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"tooling: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
