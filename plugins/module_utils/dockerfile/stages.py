# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of a Dockerfile: what each is based on, which of them make the image, and what variables stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.syntax import (
    Dockerfile,
    Instruction,
    split,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.words import (
    Expanded,
    expand,
    unquote,
)

Values = dict[str, "str | None"]
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*\Z")
_LEGACY = re.compile(r"(\S+)\s+(.+)\Z", re.DOTALL)


@dataclass
class Stage:
    """A stage. parent: the stage that it is FROM, if any. in_image: whether what it does is in the image that is built.

    steps: its instructions, each with what variables stand for there; None is a value that only the build knows.
    values: what they stand for at its end. exported: its ENV alone.
    """

    index: int
    name: str
    instruction: Instruction
    base: Expanded
    parent: Stage | None
    values: Values = field(default_factory=dict)
    exported: Values = field(default_factory=dict)
    steps: list[tuple[Instruction, Values]] = field(default_factory=list)
    in_image: bool = False

    def chain(self) -> Iterator[Stage]:
        """It and the stages that it inherits from, itself first."""
        stage: Stage | None = self
        while stage is not None:
            yield stage
            stage = stage.parent

    def last(self, keyword: str) -> tuple[Instruction, Values] | None:
        """The last instruction of its kind that the stage has or inherits, and what variables stand for there."""
        for stage in self.chain():
            for instruction, values in reversed(stage.steps):
                if instruction.keyword == keyword and not instruction.trigger:
                    return instruction, values
        return None


@dataclass
class Stages:
    """All of them, and the arguments that stand before the first FROM."""

    stages: list[Stage]
    before: list[Instruction]
    target: Stage


def pairs(instruction: Instruction, escape: str = "\\") -> list[tuple[str, str]]:
    """Names and values, as they are written, of ENV, LABEL and ARG; the value of an ARG without one is ""."""
    legacy = _LEGACY.match(instruction.arguments)
    first = split(instruction.arguments, escape, most=1)[0]
    if instruction.keyword in ("ENV", "LABEL") and legacy and "=" not in first:
        return [(unquote(legacy[1], escape), legacy[2])]
    found = (word.partition("=") for word in split(instruction.arguments, escape))
    return [(unquote(name, escape), value) for name, _equals, value in found]


def stages_of(parsed: Dockerfile, name: str, build_args: Mapping[str, str], target: str = "") -> Stages:
    """Raises DockerfileError for an instruction before FROM, a FROM that is none, and a target that is not there."""
    reader = _Reader(parsed.escape, name, build_args)
    for instruction in parsed.instructions:
        reader.take(instruction)
    if not reader.stages:
        raise DockerfileError(f"{name} has no FROM")
    wanted = _wanted(reader.stages, name, target)
    for stage in wanted.chain():
        stage.in_image = True
    return Stages(reader.stages, reader.before, wanted)


def _wanted(stages: list[Stage], name: str, target: str) -> Stage:
    if not target:
        return stages[-1]
    for stage in reversed(stages):
        if target.lower() == stage.name or target == str(stage.index):
            return stage
    raise DockerfileError(f"{name} has no stage {target!r}")


class _Reader:
    def __init__(self, escape: str, name: str, build_args: Mapping[str, str]) -> None:
        self._escape, self._name, self._build_args = escape, name, build_args
        self._globals: Values = {}
        self.before: list[Instruction] = []
        self.stages: list[Stage] = []

    def take(self, instruction: Instruction) -> None:
        if instruction.keyword == "FROM":
            self.stages.append(self._stage(instruction))
        elif self.stages:
            stage = self.stages[-1]
            stage.steps.append((instruction, stage.values))
            self._assign(instruction, stage)
        elif instruction.keyword == "ARG":
            self.before.append(instruction)
            for name, value in pairs(instruction, self._escape):
                self._globals[name] = self._argument(instruction, name, value, self._globals)
        else:
            raise DockerfileError(f"{self._name}:{instruction.line}: {instruction.keyword} stands before any FROM")

    def _stage(self, instruction: Instruction) -> Stage:
        words = split(instruction.arguments, self._escape)
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].lower() != "as"):
            raise DockerfileError(f"{self._name}:{instruction.line}: FROM takes an image, or an image AS a name")
        name = words[2].lower() if len(words) == 3 else ""
        if name and not _STAGE_NAME.match(name):
            raise DockerfileError(f"{self._name}:{instruction.line}: {name[:40]!r} is no name of a stage")
        base = expand(words[0], self._globals, self._escape)
        if not base.text:
            raise DockerfileError(f"{self._name}:{instruction.line}: the image is empty once variables are put in")
        parent = next((stage for stage in reversed(self.stages) if stage.name == base.text.lower()), None)
        inherited = dict(parent.exported) if parent else {}
        return Stage(len(self.stages), name, instruction, base, parent, dict(inherited), inherited)

    def _assign(self, instruction: Instruction, stage: Stage) -> None:
        if instruction.trigger or instruction.keyword not in ("ENV", "ARG"):
            return
        before = stage.values
        stage.values = dict(before)
        for name, written in pairs(instruction, self._escape):
            if instruction.keyword == "ARG":
                value = self._argument(instruction, name, written, before)
                # An ENV of the same name always wins.
                stage.values.setdefault(name, value) if name in stage.exported else stage.values.update({name: value})
            else:
                found = expand(written, before, self._escape)
                stage.values[name] = stage.exported[name] = None if found.unknown else found.text

    def _argument(self, instruction: Instruction, name: str, written: str, values: Values) -> str | None:
        if name in self._build_args:
            return self._build_args[name]
        has_default = f"{name}=" in instruction.arguments
        if not has_default:
            return self._globals.get(name) if self.stages else None
        found = expand(written, values, self._escape)
        return None if found.unknown else found.text
