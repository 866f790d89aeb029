# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are kept: all that belongs to the checkout under .build/, what is expensive in the user's cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / ".build"
LOGS = BUILD / "log"
COLLECTIONS = BUILD / "collections"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bulkhead"
NAMESPACE, NAME = "bulkhead", "container_security"
IN_COLLECTIONS = Path("ansible_collections") / NAMESPACE / NAME


def link_collection() -> Path:
    """The checkout as Ansible finds it, through a symlink: the folder for ANSIBLE_COLLECTIONS_PATH and PYTHONPATH."""
    link = COLLECTIONS / IN_COLLECTIONS
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() or link.resolve() != REPOSITORY:
        link.unlink(missing_ok=True)
        link.symlink_to(REPOSITORY, target_is_directory=True)
    return COLLECTIONS


def tracked_files() -> list[Path]:
    """Every file that git knows or would know, relative to the checkout: nothing that .gitignore names."""
    listing = subprocess.run(
        # safe.directory: the checkout may be another user's, as under sudo.
        ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    # A file that is deleted but not yet committed is listed, too.
    return sorted(Path(name) for name in filter(None, listing.stdout.split("\0")) if (REPOSITORY / name).exists())


def copy_collection(folder: Path) -> Path:
    """A fresh copy of the work tree where ansible-test accepts it: it resolves symlinks and then reads the path."""
    place = folder / IN_COLLECTIONS
    shutil.rmtree(folder, ignore_errors=True)
    for name in tracked_files():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, place / name, follow_symlinks=False)
    # ansible-test asks the nearest git repository above for its files; ours ignores .build/ and would say: none.
    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    return place
