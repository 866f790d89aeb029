# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which components of the control plane a Pod runs, and with which flags. Pure.

Most commands begin with the program's name. Some start it through a wrapper or a shell; some have flags only, and leave
the program to the image: then the container's name, or the label `component` that installers give, says what it is.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.options import COMPONENTS

Json = Mapping[str, Any]
Argv = tuple[str, ...]

_MIRROR = "kubernetes.io/config.mirror"
_SHELLS = ("ash", "bash", "dash", "sh")
_WRAPPERS = ("dumb-init", "go-runner", "hyperkube", "kube-log-runner", "tini")
_BEFORE_A_COMMAND = ("do", "else", "env", "exec", "nohup", "then")
_DESCRIPTOR = re.compile(r"(?<!\S)\d(?=[<>])")  # the 2 of 2>&1 is no word
_PUNCTUATION = frozenset("();<>|&")


def is_mirror(metadata: Json) -> bool:
    """Whether a Pod is a kubelet's image of a static one, which a file on its node declares."""
    return _MIRROR in (metadata.get("annotations") or {})


def component_argvs(metadata: Json, spec: Json) -> list[Argv]:
    """The command line of each component, the program's own name first."""
    containers = spec.get("containers") or ()
    found = (_component(metadata, container, len(containers)) for container in containers)
    return [argv for argv in found if argv]


def _component(metadata: Json, container: Json, containers: int) -> Argv | None:
    words = tuple(map(str, [*(container.get("command") or ()), *(container.get("args") or ())]))
    if words and posixpath.basename(words[0]) in _SHELLS:
        words = _script(words)
    by_command = _from_program(words)
    if by_command:
        return by_command
    name = _declared(metadata, container, containers)
    flags = tuple(word for word in words if word.startswith("-"))
    return (name, *flags) if name and flags else None


def _from_program(words: Argv) -> Argv | None:
    """From the program on, where it stands first, behind a wrapper, or where a command may begin in a script."""
    for place, word in enumerate(words):
        name = posixpath.basename(word)
        if name in COMPONENTS and _may_begin(words[:place]):
            return (name, *_up_to_punctuation(words[place + 1 :]))
    return None


def _may_begin(before: Sequence[str]) -> bool:
    if not before:
        return True
    last = before[-1]
    assignment = "=" in last and not last.startswith("-")
    wrapped = posixpath.basename(before[0]) in _WRAPPERS and all(word.startswith("-") for word in before[1:])
    return last in _BEFORE_A_COMMAND or _is_punctuation(last) or assignment or wrapped


def _up_to_punctuation(words: Sequence[str]) -> Argv:
    end = next((place for place, word in enumerate(words) if _is_punctuation(word)), len(words))
    return tuple(words[:end])


def _is_punctuation(word: str) -> bool:
    return bool(word) and _PUNCTUATION.issuperset(word)


def _script(words: Argv) -> Argv:
    """The words of what a shell is told by -c, its operators apart; nothing where that cannot be read."""
    place = next((place for place, word in enumerate(words) if word.startswith("-") and word.endswith("c")), None)
    script = words[place + 1] if place is not None and place + 1 < len(words) else ""
    script = _DESCRIPTOR.sub("", script.replace("\\\n", " ")).replace("\n", ";")
    reader = shlex.shlex(script, posix=True, punctuation_chars=True)
    reader.whitespace_split, reader.commenters = True, ""
    try:
        return tuple(reader)
    except ValueError:  # a quotation that does not end
        return ()


def _declared(metadata: Json, container: Json, containers: int) -> str | None:
    """The component that a Pod of the control plane says it is, where its command does not."""
    labels = metadata.get("labels") or {}
    if not is_mirror(metadata) and labels.get("tier") != "control-plane":
        return None
    names = (container.get("name"), labels.get("component") if containers == 1 else None)
    return next((str(name) for name in names if name in COMPONENTS), None)
