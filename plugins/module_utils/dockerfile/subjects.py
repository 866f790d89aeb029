# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subjects of one Dockerfile: the file, its stages and its instructions, each with the facts that controls read.

A subject is {"subject": {kind, name, file, line}, "line", "text", facts…}. The name of an instruction is made of its
file, its keyword and a hash of its text, so that it keeps its name when lines above it come and go; the second of two
equal ones is `#2`. Texts are shown without secrets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.copy_facts import copy_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.instruction_facts import (
    instruction_facts,
    variable_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.packages import (
    ATTACK_TOOLS,
    PRIVILEGE_TOOLS,
    REMOTE_ACCESS,
    TOOLCHAIN,
    packages_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.run_facts import (
    SOCKET,
    command_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.secret_search import (
    secrets_in_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.shell import (
    SHELLS,
    Command,
    commands,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stage_facts import (
    file_facts,
    stage_facts,
    taken_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.stages import Stage, Stages, Values
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import (
    Dockerfile,
    Instruction,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import without_secrets

Subjects = dict[str, "list[dict[str, Any]]"]
SCOPES = ("file", "stage", "run", "copy", "variable", "instruction")
_SCOPE_OF = {"RUN": "run", "ADD": "copy", "COPY": "copy", "ENV": "variable", "ARG": "variable", "LABEL": "variable"}
_LONGEST_TEXT = 160


def shown(text: str) -> str:
    """A text for a report: its first line, without secrets, of moderate length."""
    line = without_secrets(text.split("\n", 1)[0][: 4 * _LONGEST_TEXT])
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


class Names:
    """Gives every instruction of a file its name."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: dict[str, int] = {}

    def of(self, instruction: Instruction) -> str:
        digest = hashlib.sha256(instruction.text.encode("utf-8", "replace")).hexdigest()[:12]
        name = f"{self._file} {instruction.keyword} {digest}"
        self._seen[name] = self._seen.get(name, 0) + 1
        return name if self._seen[name] == 1 else f"{name}#{self._seen[name]}"


def subjects_of(parsed: Dockerfile, stages: Stages, file: str, options: Mapping[str, Any]) -> Subjects:
    """Every subject of the file, by scope. options: require_digest."""
    return _Teller(parsed, file, options).tell(stages)


class _Teller:
    def __init__(self, parsed: Dockerfile, file: str, options: Mapping[str, Any]) -> None:
        self._parsed, self._file, self._options = parsed, file, options
        self._names = Names(file)
        self._subjects: Subjects = {scope: [] for scope in SCOPES}
        self._stages: frozenset[str] = frozenset()

    def tell(self, stages: Stages) -> Subjects:
        self._stages = frozenset(name for stage in stages.stages for name in (stage.name, str(stage.index)))
        for instruction in stages.before:
            self._add(instruction, {}, None)
        for stage in stages.stages:
            self._stage(stage)
        identity = {"kind": "dockerfile", "name": self._file, "file": self._file, "line": "1"}
        # Of a file that cannot be read `parsed` is unknown and `judged` is not there: one error, not one a control.
        whole = {"subject": identity, "parsed": True, "judged": True}
        self._subjects["file"].append({**whole, **file_facts(stages, self._parsed.escape)})
        return self._subjects

    def _stage(self, stage: Stage) -> None:
        row = self._row("stage", stage.instruction)
        row.update(stage_facts(stage), digest_wanted=bool(self._options.get("require_digest")))
        self._subjects["stage"].append(row)
        # Whether an earlier RUN of the stage told apt to leave recommended packages out.
        recommends_off = False
        for instruction, values in stage.steps:
            row = self._add(instruction, values, stage, recommends_off)
            recommends_off = recommends_off or bool(row.pop("sets_recommends", False))

    def _row(self, scope: str, instruction: Instruction) -> dict[str, Any]:
        line = str(instruction.line)
        identity = {"kind": scope, "name": self._names.of(instruction), "file": self._file, "line": line}
        text = shown(instruction.text)
        return {"subject": identity, "line": instruction.line, "text": text, "keyword": instruction.keyword}

    def _add(
        self, instruction: Instruction, values: Values, stage: Stage | None, recommends_off: bool = False
    ) -> dict[str, Any]:
        scope = _SCOPE_OF.get(instruction.keyword, "instruction")
        row = self._row(scope, instruction)
        row["in_image"] = stage is None or stage.in_image
        row["trigger"] = instruction.trigger
        if scope == "run":
            row.update(_run_facts(instruction, recommends_off, self._stages))
            if row["passwords"]:
                # A password that is piped has no name by which it could be told from other words.
                row["text"] = f"RUN … {', '.join(row['passwords'])}"
        elif scope == "copy":
            row.update(copy_facts(instruction, values, self._parsed.escape, self._stages))
            row["digest_wanted"] = bool(self._options.get("require_digest"))
        elif scope == "variable":
            row.update(variable_facts(instruction, self._parsed.escape))
        else:
            row.update(instruction_facts(instruction, values, self._parsed.escape))
        self._subjects[scope].append(row)
        return row


def commands_of(instruction: Instruction) -> list[Command]:
    """The commands of a RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD."""
    if not instruction.json:
        told = commands(instruction.arguments)
        scripts = [document.text for document in instruction.heredocs] if any(map(_reads_script, told)) else []
        return told + [command for script in scripts for command in commands(script)]
    words = list(instruction.json)
    own = Command(words[0].rsplit("/", 1)[-1], words[1:])
    if own.program in SHELLS and "-c" in words:
        return [own, *commands(" ".join(words[words.index("-c") + 1 :]))]
    return [own]


def _reads_script(command: Command) -> bool:
    """Whether a heredoc is what it runs: it stands there alone, or for a shell; for another program it is a text."""
    alone = "<<" in command.program and not command.words
    return alone or (command.program in SHELLS and any("<<" in word for word in command.words))


def _run_facts(instruction: Instruction, recommends_off: bool, stages: Collection[str]) -> dict[str, Any]:
    told = commands_of(instruction)
    mounts = [_options(mount) for mount in instruction.flag("mount")]
    off = recommends_off or "APT::Install-Recommends" in instruction.text
    kept = [mount.get("target", "") for mount in mounts if mount.get("type") in ("cache", "tmpfs")]
    packages = packages_of(told, kept, off)
    installed = set(packages.installed)
    facts = command_facts(told)
    facts["sockets"] += [target for mount in mounts for target in SOCKET.findall(mount.get("target", ""))]
    return {
        **facts,
        "secrets": secrets_in_text("\n".join([instruction.arguments, *(row.text for row in instruction.heredocs)])),
        "remote_access": sorted(installed & REMOTE_ACCESS),
        "privilege_tools": sorted(installed & PRIVILEGE_TOOLS),
        "toolchain": sorted(installed & TOOLCHAIN),
        "attack_tools": sorted(installed & ATTACK_TOOLS),
        "managers": packages.managers,
        "upgrades": packages.upgrades,
        "index_left": packages.dirty,
        "index_alone": packages.alone,
        "recommended": packages.recommended,
        "insecure": "insecure" in instruction.flag("security"),
        "host_network": "host" in instruction.flag("network"),
        "images": [fact for mount in mounts for fact in taken_from(mount.get("from", ""), stages)],
        "sets_recommends": off,
    }


def _options(mount: str) -> dict[str, str]:
    """The options of --mount by name. `dst` and `destination` are other names of `target`."""
    told = {"type": "bind"}
    for option in mount.split(","):
        key, _equals, value = option.partition("=")
        told[{"dst": "target", "destination": "target"}.get(key.lower(), key.lower())] = value
    return told
