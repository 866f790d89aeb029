# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a change of daemon.json would need and what it would break, said before anything is touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.effect import agrees
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.merge import changed_keys
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    OPTION_BY_KEY,
    default_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.state import UNKNOWN
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus

NONE, RELOAD, RESTART = "none", "reload", "restart"
_RANK = {NONE: 0, RELOAD: 1, RESTART: 2}
# A new value of one of these gives the daemon another place for images and containers.
_OTHER_STORE = ("data-root", "userns-remap", "storage-driver", "features", "containerd-namespace")

# A daemon that finds containers running when it starts does not make its networks anew.
_OF_NETWORKS = ("icc", "ip-masq", "ip", "mtu", "bip", "fixed-cidr", "iptables", "ip6tables", "ipv6", "userland-proxy")
# Before this release a daemon removes the containers of `docker run --rm` when it starts, running ones included.
_KEEPS_AUTO_REMOVED = (24, 0, 8)


@dataclass
class Plan:
    """What will be done. `action` is what the daemon needs: none, reload or restart.

    `keys`: one entry a key that changes, in the file or in effect. `reload_first`: live-restore is switched on by a
    reload before the restart, so that the restart stops no container. The lists hold container names.
    """

    action: str = NONE
    keys: list[dict[str, Any]] = field(default_factory=list)
    reload_first: bool = False
    containers_stopped: list[str] = field(default_factory=list)
    containers_restarted: list[str] = field(default_factory=list)
    containers_removed: list[str] = field(default_factory=list)
    containers_kept: list[str] = field(default_factory=list)
    images_hidden: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The plan as the module returns it, without secrets."""
        options = [
            {**entry, "before": shown(entry["before"], entry["key"]), "after": shown(entry["after"], entry["key"])}
            for entry in self.keys
        ]
        # `keys` is no name for a return value: in Jinja, plan.keys is the method of the dict.
        return {**{name: value for name, value in vars(self).items() if name != "keys"}, "options": options}


def make_plan(situation: Situation, after: Mapping[str, Any], declared: Collection[str]) -> Plan:
    """The plan for turning the file's data into `after`; `declared` keys are brought into effect even if unchanged."""
    plan = Plan()
    before, wanted = situation.file.data, set(declared)
    changed = changed_keys(before, after)
    states = situation.states({key: after[key] for key in wanted if key in after}, [*changed, *wanted])
    for key in dict.fromkeys([*changed, *declared]):
        action = NONE if situation.engine is None else _needed(situation, key, after, states[key], key in changed)
        if key in changed or action != NONE:
            plan.keys.append({"key": key, "before": before.get(key), "after": after.get(key), "action": action})
    _decide(situation, plan)
    if plan.action == RESTART and situation.engine is not None:
        _blast_radius(situation, situation.engine, after, plan)
    _mention_others(plan, states)
    return plan


def _needed(situation: Situation, key: str, after: Mapping[str, Any], state: Mapping[str, Any], changed: bool) -> str:
    """What it takes to bring one key of the new file into effect."""
    version = situation.version
    flag = situation.flags.values.get(key)
    wanted = after[key] if key in after else (flag if flag is not None else default_of(key, version))
    unknown = state["source"] == UNKNOWN
    if not unknown and (wanted is None or agrees(key, wanted, state["in_effect"])):
        # The value in effect is the wanted one already, or the host's own default which only a start finds out.
        return RESTART if wanted is None and changed else NONE
    if unknown and not changed and key not in after:
        return NONE
    if key == "features" and changed and _snapshotter_changes(situation, after):
        return RESTART
    reload = OPTION_BY_KEY[key].reload if key in OPTION_BY_KEY else ""
    return RELOAD if reload == "reset" or (reload and key in after) else RESTART


def _decide(situation: Situation, plan: Plan) -> None:
    plan.action = max((entry["action"] for entry in plan.keys), key=_RANK.__getitem__, default=NONE)
    # A reload takes these from the file alone and forgets what the command line says about them.
    forgotten = [key for key in situation.flags.values if key in OPTION_BY_KEY and OPTION_BY_KEY[key].reload == "reset"]
    if plan.action == RELOAD and forgotten:
        plan.action = RESTART
        flags = ", ".join(f"--{OPTION_BY_KEY[key].flag}" for key in forgotten)
        plan.warnings.append(f"A reload would make the daemon forget {flags}, so it is restarted instead")


def _blast_radius(situation: Situation, engine: Engine, after: Mapping[str, Any], plan: Plan) -> None:
    running: list[dict[str, Any]] = sorted(engine.get("/containers/json") or [], key=_name)
    now = bool(situation.info.get("LiveRestoreEnabled"))
    flags = situation.next_flags or situation.flags
    later = bool(after.get("live-restore", flags.values.get("live-restore", False)))
    _hidden(situation, after, plan)
    # Containers outlive a restart only if the daemon that stops and the one that starts both have live-restore.
    plan.reload_first = later and not now and bool(running) and not plan.images_hidden
    kept = later and (now or plan.reload_first)
    for row in running:
        _fate(situation, engine, row, kept, plan)
    if plan.images_hidden:
        plan.containers_restarted = []
    stale = [entry["key"] for entry in plan.keys if entry["key"] in _OF_NETWORKS and entry["action"] == RESTART]
    if plan.containers_kept and stale:
        plan.warnings.append(
            f"The networks stay as they are while containers outlive the restart: {', '.join(stale)} will work fully "
            "only after a restart with no container running"
        )


def _fate(situation: Situation, engine: Engine, row: Mapping[str, Any], kept: bool, plan: Plan) -> None:
    """What becomes of a running container, added to the plan's lists."""
    try:
        host_config = engine.get(f"/containers/{row['Id']}/json").get("HostConfig") or {}
    except EngineStatus:
        # It ended between the two questions.
        return
    name = _name(row)
    policy = (host_config.get("RestartPolicy") or {}).get("Name")
    removed = bool(host_config.get("AutoRemove"))
    if kept and not (removed and situation.version < _KEEPS_AUTO_REMOVED):
        plan.containers_kept.append(name)
        return
    plan.containers_stopped.append(name)
    if removed:
        plan.containers_removed.append(name)
    elif policy in ("always", "unless-stopped"):
        plan.containers_restarted.append(name)
    elif policy == "on-failure":
        plan.warnings.append(f"{name} has the restart policy on-failure: it comes back only if it exits with an error")


def _name(row: Mapping[str, Any]) -> str:
    # A container linked to others has further names, as /other/alias.
    names = [str(name)[1:] for name in row.get("Names") or [] if str(name).count("/") == 1]
    return names[0] if names else str(row.get("Id", ""))[:12]


def _hidden(situation: Situation, after: Mapping[str, Any], plan: Plan) -> None:
    moved = [entry["key"] for entry in plan.keys if entry["key"] in _OTHER_STORE and entry["action"] == RESTART]
    if "features" in moved and not _snapshotter_changes(situation, after):
        moved.remove("features")
    images, containers = situation.info.get("Images") or 0, situation.info.get("Containers") or 0
    if moved and (images or containers):
        plan.images_hidden = {"images": images, "containers": containers, "because": moved}


def _snapshotter_changes(situation: Situation, after: Mapping[str, Any]) -> bool:
    name = "containerd-snapshotter"
    before = situation.file.data.get("features") or {}
    return bool(before.get(name)) != bool((after.get("features") or {}).get(name))


def _mention_others(plan: Plan, states: Mapping[str, Mapping[str, Any]]) -> None:
    ours = {entry["key"] for entry in plan.keys}
    others = [key for key, state in states.items() if state["pending_restart"] and key not in ours]
    if plan.action != NONE and others:
        plan.warnings.append(
            f"Others have changed {', '.join(others)} in the file since the daemon last read it; "
            f"this {plan.action} may bring that into effect too"
        )
