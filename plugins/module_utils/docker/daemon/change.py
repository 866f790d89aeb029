# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is declared to what will be done: the new file, the plan, and every reason to refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import render_daemon_json
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.merge import (
    Record,
    merged,
    recorded,
    undone,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.plan import (
    NONE,
    RELOAD,
    RESTART,
    Plan,
    make_plan,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.refusal import refusals
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.values import (
    typed_config,
    wrong_on_disk,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


@dataclass
class Change:
    """What will be done. `text` None: the file goes away; `action`: what will be done to the daemon, which `apply`
    may have made less than the plan's. `declared`: the keys that this is about."""

    situation: Situation
    declared: dict[str, Any]
    after: dict[str, Any]
    text: str | None
    changes: Record
    plan: Plan
    action: str = NONE
    warnings: list[str] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether the file changes."""
        file = self.situation.file
        return self.text != (file.text if file.exists else None)

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return self.writes or self.action != NONE

    @property
    def waiting(self) -> bool:
        """Whether something will not be in effect even afterwards."""
        return self.plan.action != self.action

    def as_diff(self) -> list[dict[str, str]]:
        """The change as Ansible's diffs: the file, and what the daemon does if that differs; no secrets."""
        file, diffs = self.situation.file, []
        if self.writes:
            header = {"before_header": file.path, "after_header": file.path}
            after = "" if self.text is None else _shown_text(self.after, self.text)
            diffs.append({**header, "before": _shown_text(file.data, file.text), "after": after})
        entries = [entry for entry in self.plan.keys if entry["action"] != NONE] if self.action != NONE else []
        if entries and not self.writes:
            states = self.situation.states({}, [entry["key"] for entry in entries])
            before = {entry["key"]: states[entry["key"]]["in_effect"] for entry in entries}
            wanted = {entry["key"]: entry["after"] for entry in entries}
            header = {"before_header": "in effect", "after_header": f"in effect after the {self.action}"}
            diffs.append({**header, "before": _as_lines(before), "after": _as_lines(wanted)})
        return diffs


def _shown_text(data: Mapping[str, Any], text: str) -> str:
    harmless = shown(dict(data))
    return text if harmless == data else render_daemon_json(harmless, text)


def _as_lines(values: Mapping[str, Any]) -> str:
    return json.dumps(shown(dict(values)), indent=4) + "\n"


def prepare(params: Mapping[str, Any], situation: Situation) -> Change:
    """What the parameters ask for here. Raises DockerError with every reason why it will not be done."""
    change = _declared(params, situation) if params["state"] == "present" else _taken_back(params, situation)
    change.action = _limited(str(params["apply"]), change.plan)
    change.warnings += change.plan.warnings
    if change.needed:
        _refuse(params, change)
        change.diff = change.as_diff()
    else:
        left = wrong_on_disk(situation.file.data, situation.version)
        change.warnings += [f"{situation.file.path}: {problem}; the next start would fail" for problem in left]
    return change


def _declared(params: Mapping[str, Any], situation: Situation) -> Change:
    file, absent = situation.file, list(params["absent"] or [])
    config = merged(params["config"] or {}, params["secret_config"] or {})
    both = sorted(set(config) & set(absent))
    if both:
        raise DockerError(f"{', '.join(both)} cannot be both in config and in absent")
    typed = typed_config(config, situation.version)
    after = merged(file.data, typed, absent, params["list_merge"] == "append")
    declared = {key: after[key] for key in typed if key in after}
    keys = [*typed, *absent, *situation.record.unfinished_keys]
    changes = recorded(situation.record.changes, file.data, after)
    text = _text_of(situation, after)
    return Change(situation, declared, after, text, changes, make_plan(situation, after, keys))


def _taken_back(params: Mapping[str, Any], situation: Situation) -> Change:
    file, record = situation.file, situation.record
    named = [*(params["config"] or {}), *(params["absent"] or [])]
    after, foreign = undone(file.data, record.changes, named or None)
    changes = {key: entry for key, entry in record.changes.items() if named and key not in named}
    text = _text_of(situation, after)
    if not changes and after != file.data:
        text = record.original_text(after) or text
    if record.created and not after and situation.flags.config_file is None and file.exists:
        # dockerd does without the default file, and not without one that is named on its command line.
        text = None
    change = Change(situation, {}, after, text, changes, make_plan(situation, after, record.unfinished_keys))
    change.warnings += [f"{key} was changed by others after us and is left as it is" for key in foreign]
    return change


def _text_of(situation: Situation, after: Mapping[str, Any]) -> str | None:
    """The new text; the old one, to the byte, where nothing changes."""
    file = situation.file
    if after == file.data:
        return file.text if file.exists else None
    return render_daemon_json(dict(after), file.text)


def _limited(apply: str, plan: Plan) -> str:
    """What may be done to the daemon at once."""
    if apply == "none":
        return NONE
    if apply == "reload" and plan.action == RESTART:
        return RELOAD if any(entry["action"] == RELOAD for entry in plan.keys) else NONE
    return plan.action


def _refuse(params: Mapping[str, Any], change: Change) -> None:
    situation, plan = change.situation, change.plan
    problems = refusals(situation, change.after, change.text, change.action == RESTART)
    if change.action == RESTART:
        problems += filter(None, [situation.service.problem(situation.process)])
        problems += _too_much(params, plan)
    if problems:
        raise DockerError(f"{situation.file.path} was left as it was: " + "; ".join(problems))


def _too_much(params: Mapping[str, Any], plan: Plan) -> list[str]:
    """What the restart would break beyond what is allowed."""
    problems, limit, stopped = [], params["max_containers_stopped"], plan.containers_stopped
    if limit is not None and 0 <= limit < len(stopped):
        problems.append(
            f"the restart would stop {_counted(stopped)}, and max_containers_stopped "
            f"is {limit}: set live-restore, raise the limit, or use apply=none and restart later"
        )
    hidden = plan.images_hidden
    if hidden and plan.containers_kept:
        problems.append(
            f"live-restore would leave {_counted(plan.containers_kept)} running without a daemon that knows "
            f"them, for {', '.join(hidden['because'])} gives it another store: stop them first"
        )
    elif hidden and not params["allow_hidden_images"]:
        problems.append(
            f"{', '.join(hidden['because'])} gives the daemon another store, where the {hidden['images']} images and "
            f"{hidden['containers']} containers of today are not seen: set allow_hidden_images to accept that"
        )
    return problems


def _counted(names: list[str]) -> str:
    """How many containers these are, and the first of their names."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"{len(names)} container{'' if len(names) == 1 else 's'} ({', '.join(names[:10])}{more})"
