# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: what we changed becomes what it was, and what others have changed since stays."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver import encryption
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.declaration import (
    ENCRYPTION,
    shown,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan import (
    FileChange,
    Plan,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.record import no_changes
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.refusal import Refused
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.static_pod import PodChange
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import read_text
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import load_mapping


class StillEncrypted(Refused):
    """Secrets are encrypted, and would become unreadable."""


def plan_absent(situation: Situation) -> Plan:
    """The plan for taking back everything of ours. Raises StillEncrypted where Secrets would become unreadable."""
    plan = Plan(situation.text, changes=no_changes())
    if situation.record.empty:
        return plan
    _check_decrypted(situation)
    for name, entry in situation.record.changes["flags"].items():
        if situation.flags.get(name) == entry["after"]:
            plan.flags[name] = entry["before"]
        elif situation.flags.get(name) != entry["before"]:
            plan.warnings.append(f"{name} was changed by somebody else since, and stays")
    plan.files = list(_files(situation, plan))
    if situation.pod:
        probes = situation.record.changes["probes"]
        unmounted = situation.record.changes["mounts"]
        plan.pod = PodChange(plan.flags, [], unmounted, probes, None)
        text, _kept = situation.pod.changed(plan.pod)
        plan.text = _as_it_was(situation, text)
    elif situation.k3s:
        text, _kept = situation.k3s.changed(plan.flags)
        plan.text = _as_it_was(situation, text)
    plan.restart = plan.text != situation.text or any(each.before != each.after for each in plan.files)
    return plan


def _check_decrypted(situation: Situation) -> None:
    """Without its configuration, nobody reads what was encrypted."""
    entry = situation.record.changes["flags"].get(ENCRYPTION)
    path = (situation.flags.get(ENCRYPTION) or [""])[-1]
    if not entry or entry["before"] or not path:
        return
    writer = encryption.writer_of(load_mapping(read_text(path) or "", path))
    if writer[0] != encryption.IDENTITY or situation.record.changes["reencrypted"] != f"{encryption.IDENTITY}/":
        raise StillEncrypted(
            "Secrets are encrypted, and without encryption-provider-config nobody could read them: declare encryption "
            "with the provider identity first, which decrypts them"
        )


def _files(situation: Situation, plan: Plan) -> list[FileChange]:
    found = []
    for path, existed in situation.record.changes["files"].items():
        # A key file of the user's may hold keys that are in use by now.
        if existed and path == (situation.flags.get(ENCRYPTION) or [""])[-1]:
            plan.warnings.append(f"{path} was there before, and stays as it is with the keys that are in use")
            continue
        now, before = read_text(path), situation.record.text_before(path)
        if now != before:
            found.append(FileChange(path, now, before, shown(now, path), shown(before, path)))
    return found


def _as_it_was(situation: Situation, text: str) -> str | None:
    """The text from before our first change, to the byte, where it says the same."""
    original: Any = situation.record.original
    if original is None:
        # k3s: there was no file.
        return text or None
    data = load_mapping(text, situation.path)
    return str(original) if load_mapping(original, situation.path) == data else text
