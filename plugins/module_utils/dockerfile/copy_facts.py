# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of ADD and COPY: where from, what, and with which rights."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.run_facts import mode_faults
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.secret_files import secret_file
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.secret_search import (
    secrets_in_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stage_facts import taken_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import Instruction, split
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.words import expand
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import without_secrets

_REMOTE = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_GIT = re.compile(r"git@|git://|ssh://|https?://.*\.git(?:#|\Z)", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:tar|tar\.\w+|tgz|tbz2?|txz|tzst|taz|tz2|tlz)\Z", re.IGNORECASE)
_LONGEST_SOURCE = 1000
_WHOLE = frozenset((".", "./", "/", "*", "./*", "**"))


def copy_facts(
    instruction: Instruction, values: Mapping[str, str | None], escape: str, stages: Collection[str]
) -> dict[str, Any]:
    """Of one instruction, in a file with these stages."""
    sources = _sources(instruction, values, escape)
    local = [source for source in sources if not _REMOTE.match(source) and not _GIT.match(source)]
    remote = [source for source in sources if _REMOTE.match(source) and not _GIT.match(source)]
    shown = [without_secrets(source[:_LONGEST_SOURCE]) for source in remote]
    origin = "".join(instruction.flag("from"))
    setuid, writable = mode_faults("".join(instruction.flag("chmod")))
    named = [] if origin else local
    return {
        "sources": [without_secrets(source[:_LONGEST_SOURCE]) for source in sources],
        "added": instruction.keyword == "ADD" and bool(local) and not all(map(_needs_add, local)),
        "unverified": shown if instruction.keyword == "ADD" and not instruction.flag("checksum") else [],
        "clear_text": [source for source in shown if source.lower().startswith(("http://", "ftp://"))],
        "secret_files": [source for source in named if secret_file(source.rstrip("/"))],
        "secrets": _secrets(instruction, sources),
        "whole_context": any(source in _WHOLE for source in named),
        "setuid": setuid,
        "world_writable": writable,
        "images": taken_from(origin, stages),
    }


def _sources(instruction: Instruction, values: Mapping[str, str | None], escape: str) -> list[str]:
    words = list(instruction.json) if instruction.json is not None else split(instruction.arguments, escape)
    written = [word for word in words[:-1] if not word.startswith("<<")]
    return [expand(word, values, escape).text for word in written]


def _needs_add(source: str) -> bool:
    # What stands for a name that only the build knows, or for many names, may well be an archive.
    return bool(_ARCHIVE.search(source)) or "$" in source


def _secrets(instruction: Instruction, sources: list[str]) -> list[dict[str, str]]:
    """In addresses, and in the documents that are written into the image."""
    text = "\n".join([*sources, *(document.text for document in instruction.heredocs)])
    return secrets_in_text(text)
