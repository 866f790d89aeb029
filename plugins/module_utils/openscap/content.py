# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCAP content on the target: the file, its profiles, and how oscap is told what of it to evaluate."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError

# Runs oscap with these arguments and returns what it prints. Raises OpenscapError.
Oscap = Callable[[Sequence[str]], str]
_FILES = ("path", "cpe", "tailoring_file")
_ENDING = re.compile(r"(-(xccdf|ds))?\.xml\Z")


@dataclass(frozen=True)
class Content:
    """Content and what of it to evaluate.

    path, cpe, tailoring_file: absolute paths, "" for none. profile: its full id, "" for what it selects.
    rules: evaluate these alone. skip_rules: leave these out. Both are ids, of which oscap knows no short form.
    """

    path: str
    profile: str = ""
    cpe: str = ""
    tailoring_file: str = ""
    rules: Sequence[str] = field(default=())
    skip_rules: Sequence[str] = field(default=())

    @property
    def name(self) -> str:
        """A short name, such as docker-host."""
        return _ENDING.sub("", os.path.basename(self.path))

    @property
    def folders(self) -> list[str]:
        """Where its files are: content refers to files beside it."""
        return sorted({os.path.dirname(path) for path in (self.path, self.cpe, self.tailoring_file) if path})

    def arguments(self, place: Callable[[str], str]) -> list[str]:
        """Arguments of `oscap xccdf eval`. `place` says where oscap sees a file."""
        given = [("--profile", self.profile)]
        for option, path in (("--cpe", self.cpe), ("--tailoring-file", self.tailoring_file)):
            given += [(option, place(path))] if path else []
        given += [("--rule", rule) for rule in self.rules]
        given += [("--skip-rule", rule) for rule in self.skip_rules]
        return [word for option, value in given if value for word in (option, value)] + [place(self.path)]


def declared(row: Mapping[str, Any], oscap: Oscap) -> Content:
    """The content that a row of the option `contents` means, its profile found. Raises OpenscapError."""
    for name in _FILES:
        if row.get(name) and not os.path.isfile(row[name]):
            raise OpenscapError(f"contents: {name} {row[name]} is no file on this host{_beside(row[name])}")
    paths = {name: os.path.realpath(row[name]) if row.get(name) else "" for name in _FILES}
    content = Content(rules=row["rules"], skip_rules=row["skip_rules"], **paths)
    # Ids that a tailoring file brings are known to oscap only.
    profile = row.get("profile") or ""
    if profile and not content.tailoring_file:
        profile = _profile(content.path, profile, oscap)
    return Content(**{**vars(content), "profile": profile})


def _beside(path: str) -> str:
    """What there is instead: the content of a distribution covers some of its releases only."""
    try:
        others = [name for name in sorted(os.listdir(os.path.dirname(path))) if name.endswith("-ds.xml")]
    except OSError:
        return ""
    return f"; the folder has {', '.join(others)}" if others else ""


def _profile(path: str, wanted: str, oscap: Oscap) -> str:
    """The full id of a profile that is named by it, or by what comes after `_profile_`."""
    lines = oscap(["info", "--profiles", path]).splitlines()
    known = [line.partition(":")[0] for line in lines if line.startswith("xccdf_")]
    fitting = [name for name in known if wanted in (name, name.partition("_profile_")[2])]
    if len(fitting) != 1:
        names = ", ".join(name.partition("_profile_")[2] for name in known) or "no profile"
        raise OpenscapError(f"contents: {path} has no profile {wanted}, it has {names}")
    return fitting[0]
