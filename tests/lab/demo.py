# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on a real dockerd: audit, harden, audit again; then a change by hand, and the report that catches it."""

from __future__ import annotations

from pathlib import Path

from tests.lab.dockerd import REPOSITORY

OUTPUT = REPOSITORY / ".build" / "demo"


def run(output: Path, *, verbose: bool = False) -> int:
    """The whole demonstration; 0 only when each stage showed what it should."""
    return 1
