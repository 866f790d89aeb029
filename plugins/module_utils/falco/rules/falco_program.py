# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco itself, where it is there: what `falco -V` says of rules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import RulesTaskError

_SECONDS = 60.0
_LONGEST = 2000


@dataclass(frozen=True)
class FalcoVerdict:
    """What Falco said. errors: a sentence each; empty where it takes the rules."""

    program: str
    valid: bool
    errors: tuple[str, ...] = ()


def find_falco(program: str) -> str:
    """Where the program is, or nothing: a name is looked for in the usual folders as well as in PATH."""
    if not program:
        return ""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/bin", "/usr/sbin", "/usr/bin"])
    return shutil.which(program, path=path) or ""


def validate(program: str, config: str, files: Sequence[tuple[str, str]], folder: str) -> FalcoVerdict:
    """Let Falco check these files, in this order, in copies under `folder`."""
    with tempfile.TemporaryDirectory(prefix="falco-rules-", dir=folder) as copies:
        words = [program, *(("-c", config) if config else ()), "-o", "json_output=true"]
        for number, (name, text) in enumerate(files):
            copy = os.path.join(copies, f"{number:03}-{os.path.basename(name)}")
            with open(copy, "w", encoding="utf-8") as file:
                file.write(text)
            words += ["-V", copy]
        return _verdict(program, _run(words))


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        # run_command has no time limit on the cores before 2.17, and a rules file may be hostile.
        return subprocess.run(  # pylint: disable=ansible-bad-function
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise RulesTaskError(f"{words[0]} has not checked the rules within {_SECONDS:.0f} seconds") from exc
    except OSError as exc:
        raise RulesTaskError(f"{words[0]} cannot be run: {exc.strerror}") from exc


def _verdict(program: str, done: subprocess.CompletedProcess[str]) -> FalcoVerdict:
    if done.returncode == 0:
        return FalcoVerdict(program, True)
    said = tuple(_errors(done.stdout)) or ((done.stderr or done.stdout).strip()[-_LONGEST:],)
    return FalcoVerdict(program, False, said)


def _errors(output: str) -> list[str]:
    """The errors in the JSON that Falco prints."""
    try:
        results: list[Any] = json.loads(output)["falco_load_results"]
    except (ValueError, KeyError, TypeError):
        return []
    found = []
    for result in results:
        for error in result.get("errors") or ():
            name = os.path.basename(str(result.get("name", "")))[len("000-") :]
            found.append(f"{error.get('code')}: {name}{_line(error)}: {error.get('message')}")
    return found


def _line(error: Mapping[str, Any]) -> str:
    """The line of the innermost item. Falco counts lines from 0, and those in a condition by themselves."""
    locations = (error.get("context") or {}).get("locations") or ()
    lines = [
        (location.get("position") or {}).get("line")
        for location in locations
        if location.get("item_type") != "condition expression"
    ]
    return f", line {lines[-1] + 1}" if lines and isinstance(lines[-1], int) else ""
