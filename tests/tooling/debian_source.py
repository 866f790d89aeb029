# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch Debian source packages with apt, whatever sources the machine itself has; nothing of the machine changes.

apt checks what it downloads against Debian's signature. Root is not needed.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.tooling.outcome import Log

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_MIRROR = "http://deb.debian.org/debian"


class NoSourceError(Exception):
    """A source package cannot be had; the message says why."""


def mirror(release: str) -> str:
    """The mirror from which this machine takes the release's packages; Debian's own where it takes none."""
    asked = ["apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian", f"Codename: {release}"]
    listing = subprocess.run(asked, capture_output=True, text=True, check=False)
    return next((line for line in listing.stdout.split() if re.match(r"https?://", line)), _MIRROR)


class SourcePackages:
    """Source packages of one release, by an apt of its own in `folder`. NoSourceError where this cannot be."""

    def __init__(self, folder: Path, release: str, log: Log) -> None:
        if not _KEYRING.exists():
            raise NoSourceError(f"{_KEYRING} is missing: apt-get install debian-archive-keyring")
        self._folder = folder
        self._log = log
        for name in ("lists/partial", "cache/archives/partial", "source"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "sources.list").write_text(f"deb-src [signed-by={_KEYRING}] {mirror(release)} {release} main\n")
        self._apt_get("update")

    def _apt_get(self, *arguments: str) -> None:
        options = {
            "Dir::Etc::SourceList": str(self._folder / "sources.list"),
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": str(self._folder / "lists"),
            "Dir::Cache": str(self._folder / "cache"),
            # apt's own user could not write into our folder.
            "APT::Sandbox::User": "",
        }
        words = ["apt-get", "--quiet", *(f"-o{name}={value}" for name, value in options.items()), *arguments]
        if self._log.run(words, {"LC_ALL": "C.UTF-8"}, self._folder / "source"):
            raise NoSourceError(f"{' '.join(['apt-get', *arguments])} failed:\n{self._log.tail()}")

    def unpack(self, name: str) -> Path:
        """The folder of a package's source, with Debian's patches applied."""
        self._apt_get("--only-source", "source", name)
        [unpacked] = [path for path in self._folder.glob(f"source/{name}-*") if path.is_dir()]
        return unpacked
