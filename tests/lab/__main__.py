# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab from a shell: `python -m tests.lab demo|up|down|status|integration`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from tests.lab import demo, integration, standing
from tests.lab.dockerd import ATTACH, LabError
from tests.lab.kubernetes import demo as cluster_demo
from tests.lab.kubernetes import standing as standing_cluster
from tests.lab.kubernetes.cluster import MODES
from tests.lab.response import demo as response_demo

_PARTS_BY_NAME = {"docker": demo.run, "kubernetes": cluster_demo.run, "response": response_demo.run}
_PARTS = tuple(_PARTS_BY_NAME)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab", description="The embedded lab: real daemons and clusters, private to it."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("demo", help="audit, harden, catch the drift, and answer an alert")
    show.add_argument("--output", type=Path, default=demo.OUTPUT, help="folder for the reports (default: %(default)s)")
    show.add_argument("--verbose", action="store_true", help="show what ansible-playbook prints")
    show.add_argument(
        "--part", choices=_PARTS, help="a Docker host, a cluster, or the answer to an alert (default: all)"
    )
    up = verbs.add_parser("up", help="bring a daemon with the whole cast up, and leave it up")
    up.add_argument("--kubernetes", metavar="MODE", choices=MODES, help=f"a cluster instead: {', '.join(MODES)}")
    down = verbs.add_parser("down", help="end what `up` began, and remove it")
    status = verbs.add_parser("status", help="say whether it is up; exit code 3 when not")
    for verb in (down, status):
        verb.add_argument("--kubernetes", action="store_true", help="the cluster instead of the daemon")
    run = verbs.add_parser("integration", help="run ansible-test integration targets, each on a daemon of its own")
    run.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    run.add_argument("--verbose", action="store_true", help="pass -v to ansible-test")
    return parser.parse_args()


def _missing(arguments: argparse.Namespace) -> str | None:
    """What the machine lacks for this. Clusters complain for themselves: they need neither root nor dockerd."""
    if getattr(arguments, "kubernetes", None):
        return None
    if os.geteuid():
        return "the lab starts a Docker daemon, for which it must be root: try again with sudo"
    for program, package in {"dockerd": "docker.io", "nsenter": "util-linux", "ip": "iproute2"}.items():
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {package}"
    return None


def _demonstrate(arguments: argparse.Namespace) -> int:
    """The parts one after the other, each with a folder of its own; on a Docker that is somebody's, only that one."""
    parts = _PARTS[:1] if os.environ.get(ATTACH) else _PARTS
    for name in parts:
        if arguments.part in (None, name):
            _PARTS_BY_NAME[name](arguments.output.resolve() / name, verbose=arguments.verbose)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    if arguments.verb == "demo":
        return _demonstrate(arguments)
    if getattr(arguments, "kubernetes", None):
        return _run_cluster(arguments)
    if arguments.verb == "status":
        return standing.status()
    if arguments.verb == "integration":
        failed = integration.run_integration(arguments.targets, ["-v"] * arguments.verbose)
        print(f"failed: {', '.join(failed)}" if failed else "every target passed")
        return bool(failed)
    (standing.up if arguments.verb == "up" else standing.down)()
    return 0


def _run_cluster(arguments: argparse.Namespace) -> int:
    if arguments.verb == "status":
        return standing_cluster.status()
    if arguments.verb == "up":
        standing_cluster.up(arguments.kubernetes)
    else:
        standing_cluster.down()
    return 0


def main() -> int:
    """The exit code: 0 when all went as it should."""
    arguments = _arguments()
    complaint = _missing(arguments)
    if complaint:
        print(complaint, file=sys.stderr)
        return 1
    try:
        return _run(arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
