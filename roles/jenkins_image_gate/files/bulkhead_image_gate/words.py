# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

FORMATS = ("json", "sarif", "junit", "html", "markdown")
_EPILOG = """exit codes: 0 every image passes; 1 an image is refused; 2 an image could not be judged.
An image is docker:NAME (or just NAME), registry:NAME, docker-archive:FILE, oci-archive:FILE or oci-dir:FOLDER.
The password of Anchore is read from ANCHORE_PASSWORD, or from a file; never from the command line."""


def parser() -> argparse.ArgumentParser:
    """The parser; its `--help` is the reference."""
    made = argparse.ArgumentParser(
        prog="bulkhead-image-gate",
        description="Scan images, judge them by a policy, write the reports, and say it by the exit code.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("images", nargs="+", metavar="IMAGE")
    made.add_argument(
        "--engine", choices=("grype", "anchore"), default="grype", help="who scans (default: %(default)s)"
    )
    made.add_argument("--policy", type=Path, metavar="FILE", help="the policy bundle (needed for grype)")
    made.add_argument("--fail-on", choices=("stop", "warn"), default="stop", help="the verdict that refuses")
    made.add_argument("--dockerfile", type=Path, metavar="FILE", help="what the image was built from")
    made.add_argument("--name", default="", metavar="REFERENCE", help="judge a single image by this name")
    made.add_argument("--output-dir", type=Path, metavar="FOLDER", help="where to write the reports")
    made.add_argument(
        "--formats", default="json,sarif,junit,html", help=f"of {','.join(FORMATS)} (default: %(default)s)"
    )
    made.add_argument("--target", default="images", help="the name in findings of what is scanned")
    made.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="for each image")
    _add_grype(made.add_argument_group("with --engine grype"))
    _add_anchore(made.add_argument_group("with --engine anchore"))
    return made


def _add_grype(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--syft", default="syft", metavar="PROGRAM")
    group.add_argument("--grype", default="grype", metavar="PROGRAM")
    group.add_argument("--database", default="", metavar="FOLDER", help="of Grype's vulnerability database")
    group.add_argument("--update-database", action="store_true", help="let Grype fetch a newer one first")
    group.add_argument("--max-database-age", type=int, metavar="DAYS", help="refuse a database that is older")
    group.add_argument("--registry-ca", default="", metavar="FILE", help="authority of a registry's certificate")
    group.add_argument("--docker-config", default="", metavar="FOLDER", help="with the credentials of registries")
    group.add_argument("--unjudged", choices=("go", "warn", "stop"), default="warn", help="what cannot be judged is")


def _add_anchore(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--anchore-url", metavar="URL")
    group.add_argument("--anchore-username", metavar="NAME", help="or ANCHORE_USERNAME")
    group.add_argument("--anchore-password-file", type=Path, metavar="FILE", help="or ANCHORE_PASSWORD")
    group.add_argument("--anchore-ca", metavar="FILE", help="PEM file of the authority of its certificate")
    group.add_argument("--policy-id", default="", help="the bundle to judge by (default: the active one)")
    group.add_argument("--no-add", action="store_true", help="do not have the engine analyse what it does not know")
