# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes programs that the lab builds from Debian's source package, kept in the user's cache."""

from __future__ import annotations

from pathlib import Path

from tests.lab.dockerd import LabError
from tests.tooling.places import CACHE

VERSION = "1.20.2"
FOLDER = CACHE / f"kubernetes-{VERSION}"
PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)


def ensure() -> Path:
    """The folder with the programs. LabError where there is none."""
    if not all((FOLDER / name).exists() for name in PROGRAMS):
        raise LabError(f"no Kubernetes programs in {FOLDER}")
    return FOLDER
