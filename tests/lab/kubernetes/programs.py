# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab's Kubernetes programs come from: what the user gives, what the machine has, what we built."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.lab.dockerd import LabError
from tests.tooling import kubernetes_build, packages


def program(name: str) -> str:
    """The path of etcd, or of one of Kubernetes' programs, which are built where nobody has built them yet.

    LabError for what cannot be had.
    """
    assets = os.environ.get(kubernetes_build.ASSETS)
    if assets:
        return _of_assets(Path(assets), name)
    if name == "etcd":
        found = shutil.which("etcd")
        if found is None:
            raise LabError("etcd is missing: apt-get install etcd-server")
        return found
    try:
        return str(kubernetes_build.ensure() / name)
    except kubernetes_build.BuildError as error:
        raise LabError(str(error)) from error


def obstacle() -> str:
    """Why the lab can have no cluster on this machine; empty where it can."""
    if os.environ.get(kubernetes_build.ASSETS):
        return ""
    if shutil.which("etcd") is None:
        return "etcd is missing: apt-get install etcd-server"
    lacking = [] if kubernetes_build.is_built() else packages.missing(["kubernetes-build"])
    return f"to build Kubernetes: apt-get install {' '.join(package.name for package in lacking)}" if lacking else ""


def _of_assets(folder: Path, name: str) -> str:
    if not os.access(folder / name, os.X_OK):
        raise LabError(
            f"{kubernetes_build.ASSETS} names {folder}, which has no {name}; unset it, and the lab builds its own"
        )
    return str(folder / name)
