#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon_config
short_description: Change the configuration of a Docker daemon, and prove that it took effect
version_added: 0.1.0
description:
  - Merges declared options into C(daemon.json) and brings them into effect by a reload where that is enough, and
    by a restart where it is not. Keys that are not named keep their value and their place.
  - Refuses before the file is touched what the daemon would not start with - options that its release does not know or
    no longer knows, values of the wrong type, options that its command line or its unit sets already, combinations
    that exclude each other, missing authorization plugins.
  - The plan says which containers a restart stops, which come back, and whether images are out of sight afterwards.
    Where O(config) switches live-restore on, that is reloaded first, so that the restart stops no container.
  - The file is replaced in one step, with a backup. When the daemon does not come up, does not answer, or shows that an
    option is not in effect, the old file goes back, the daemon is brought up with it, and the task fails with the
    reason that the daemon gave.
  - Options that are in the file but not in effect are brought into effect too, so that an edit by hand or an
    interrupted run is completed. Where the daemon does not show an option and the file was written after
    its start, only a restart proves it, and this module does that.
attributes:
  check_mode:
    support: full
    description: Predicts what a run would do, the plan and every refusal included.
  diff_mode:
    support: full
    description: Shows the file before and after, with fingerprints in the place of secrets.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  config:
    description:
      - Options by their key in C(daemon.json), such as C(log-driver).
      - Maps are merged member by member; a value of V(null) takes a key or a member away. Lists follow O(list_merge).
      - Values have the type that dockerd wants. A number where a string belongs, as in C(log-opts), is
        written as a string, and a decimal string where a number belongs as a number; nothing else is converted.
    type: dict
  secret_config:
    description:
      - The same for values that must appear in no output and no log, such as the token of a log driver. Merged over
        O(config).
    type: dict
  absent:
    description:
      - Keys that must not be in the file.
    type: list
    elements: str
  state:
    description:
      - V(present) brings the options into the file and into effect.
      - V(absent) takes back what this module changed; the keys named in O(config) and O(absent), or all
        of them where none is named. The values that were there before return. What others have changed since stays.
    type: str
    choices: [present, absent]
    default: present
  list_merge:
    description:
      - Whether a declared list takes the place of the one in the file (V(replace)), or is added to it (V(append)).
    type: str
    choices: [replace, append]
    default: replace
  apply:
    description:
      - V(auto) reloads or restarts the daemon as needed.
      - V(reload) never restarts it. What needs a restart is written, and RV(pending_restart) says so.
      - V(none) writes the file alone.
    type: str
    choices: [auto, reload, none]
    default: auto
  max_containers_stopped:
    description:
      - Refuse a restart that would stop more running containers than this. V(0) refuses to stop any.
      - There is no limit by default, nor with a negative number.
    type: int
  allow_hidden_images:
    description:
      - Allow what gives the daemon another store (C(userns-remap), C(data-root), another storage driver), where the
        images and containers of today are out of its sight, though not lost.
    type: bool
    default: false
  path:
    description:
      - The C(daemon.json). By default the file that the running daemon reads. A symbolic link is followed and kept.
      - Naming a file that the running daemon does not read is refused.
    type: path
  pidfile:
    description:
      - The daemon's pidfile. Needed for a TCP address only, where the socket does not tell which process serves it.
    type: path
  service:
    description:
      - Name of the systemd unit that runs the daemon.
    type: str
    default: docker
  restart_command:
    description:
      - Command that restarts the daemon and ends when that is done, for hosts without systemd. No shell runs it.
    type: list
    elements: str
  health_timeout:
    description:
      - Seconds that a restart may take, from the command to a daemon that answers. Running containers are given ten
        seconds each to stop within it.
    type: float
    default: 120.0
  engine_version:
    description:
      - Release of a daemon that does not run, to write its file beforehand, as in an image. It is the release of the
        options table for a running daemon too, where that calls itself by no number.
    type: str
  state_dir:
    description:
      - Folder for backups and for the memory of what was changed. By default C(/var/lib/bulkhead), and for another
        user than root C(~/.local/state/bulkhead).
    type: path
  backup:
    description:
      - Whether to keep a copy of the file as it was before a change.
    type: bool
    default: true
  backup_count:
    description:
      - How many of these copies to keep.
    type: int
    default: 5
extends_documentation_fragment:
  - bulkhead.container_security.docker
notes:
  - dockerd takes no option both on its command line and in the file. Debian's package starts it with C(-H fd://), so
    that C(hosts) in the file needs a drop-in for the unit first.
  - A reload makes dockerd forget C(--authorization-plugin), C(--feature) and C(--max-*) of its command line. Where one
    of these is set there, this module restarts instead.
author:
  - Bulkhead contributors (@bulkhead-security)
"""

EXAMPLES = r"""
- name: See what would change and what that would break
  bulkhead.container_security.docker_daemon_config:
    config:
      icc: false
      live-restore: true
      log-opts:
        max-size: 10m
        max-file: 3
  check_mode: true
  diff: true
  register: drift

- name: Harden the daemon, but stop no container
  bulkhead.container_security.docker_daemon_config:
    config:
      live-restore: true
      no-new-privileges: true
      userland-proxy: false
      default-ulimits:
        nofile: {Soft: 1024, Hard: 4096}
    max_containers_stopped: 0

- name: Send logs away with a token that is shown nowhere
  bulkhead.container_security.docker_daemon_config:
    config:
      log-driver: splunk
    secret_config:
      log-opts:
        splunk-token: "{{ vault_splunk_token }}"

- name: Allow one more registry, on a host without systemd
  bulkhead.container_security.docker_daemon_config:
    config:
      insecure-registries: ["10.20.0.0/16"]
    list_merge: append
    restart_command: [service, docker, restart]

- name: Take back everything that this module changed
  bulkhead.container_security.docker_daemon_config:
    state: absent
"""

RETURN = r"""
config_file:
  description: The file that the daemon reads.
  returned: success
  type: str
  sample: /etc/docker/daemon.json
action:
  description: What was done to the daemon, or would be in check mode. V(none), V(reload) or V(restart).
  returned: success
  type: str
  sample: reload
plan:
  description:
    - What the change needs and what it breaks, as it was known before anything was touched.
  returned: success
  type: dict
  contains:
    action:
      description: What the daemon needs, V(none), V(reload) or V(restart), whatever O(apply) allows.
      type: str
    options:
      description: The options that change in the file or in effect, each with its C(key), C(before) and C(after) in the
        file, and C(action).
      type: list
      elements: dict
    reload_first:
      description: Whether live-restore is reloaded before the restart, to keep the containers running.
      type: bool
    containers_stopped:
      description: Running containers that the restart stops.
      type: list
      elements: str
    containers_restarted:
      description: Those of them that come back by their restart policy.
      type: list
      elements: str
    containers_removed:
      description: Those of them that are removed when they stop (C(--rm)).
      type: list
      elements: str
    containers_kept:
      description: Running containers that live-restore keeps running.
      type: list
      elements: str
    images_hidden:
      description: How many C(images) and C(containers) are out of sight afterwards, and C(because) of which keys.
      type: dict
    warnings:
      description: What else there is to know.
      type: list
      elements: str
states:
  description:
    - By declared key, its value C(declared), C(on_disk), as a C(flag) and C(in_effect) at the end of the task, the
      C(source) of the latter, and C(pending_restart), which is V(null) where that cannot be told.
  returned: success
  type: dict
pending_restart:
  description: Whether something is in the file and not in effect, because O(apply) does not allow what it needs.
  returned: success
  type: bool
backup_file:
  description: The copy of the file as it was before.
  returned: when a copy was made
  type: str
engine_version:
  description: The release of the daemon.
  returned: success
  type: str
  sample: 20.10.24
"""

import os
import shlex
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import (
    connection_argument_spec,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.apply import (
    Application,
    Outcome,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.change import Change, prepare
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import one_run_at_a_time
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.recovery import look_or_recover
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import secrets_in, shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import DaemonService
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import look
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options; DOCUMENTATION says what they mean."""
    return {
        **connection_argument_spec(),
        "config": {"type": "dict"},
        "secret_config": {"type": "dict", "no_log": True},
        "absent": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "list_merge": {"type": "str", "choices": ["replace", "append"], "default": "replace"},
        "apply": {"type": "str", "choices": ["auto", "reload", "none"], "default": "auto"},
        "max_containers_stopped": {"type": "int"},
        "allow_hidden_images": {"type": "bool", "default": False},
        "path": {"type": "path"},
        "pidfile": {"type": "path"},
        "service": {"type": "str", "default": "docker"},
        "restart_command": {"type": "list", "elements": "str"},
        "health_timeout": {"type": "float", "default": 120.0},
        "engine_version": {"type": "str"},
        "state_dir": {"type": "path"},
        "backup": {"type": "bool", "default": True},
        "backup_count": {"type": "int", "default": 5},
    }


def run(params: dict[str, Any], check_mode: bool) -> tuple[Change, Outcome]:
    """Look, plan, and unless in check mode do it. Raises DockerError."""
    command = params["restart_command"] or []
    service = DaemonService(tuple(shlex.split(command[0]) if len(command) == 1 else command), params["service"])
    change = prepare(params, look_or_recover(params, service, check_mode))
    if check_mode or not (change.needed or change.situation.record.journal):
        return change, Outcome()
    folder = os.path.dirname(change.situation.file.real_path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    with one_run_at_a_time(folder, float(params["health_timeout"])):
        # Another run may have been at work between the first look and the lock.
        situation = look(params, service)
        change = prepare(params, situation)
        if change.needed:
            return change, Application(params, situation, change.plan, change.action).carry_out(
                change.text, change.changes
            )
        situation.record.finish(situation.file)
        return change, Outcome()


def result_of(change: Change, outcome: Outcome) -> dict[str, Any]:
    """What the module returns."""
    result: dict[str, Any] = {
        "changed": change.needed,
        "config_file": change.situation.file.path,
        "action": change.action,
        "plan": change.plan.as_dict(),
        "pending_restart": change.waiting,
        "engine_version": change.situation.version_text,
        "diff": change.diff,
    }
    return {**result, "backup_file": outcome.backup_file} if outcome.backup_file else result


def main() -> None:
    """The module's entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    module.no_log_values.update(secrets_in(params["config"] or {}))
    try:
        change, outcome = run(params, module.check_mode)
        result = result_of(change, outcome)
        # What was learnt before the change is out of date after it.
        now = look(params, change.situation.service) if change.needed and not module.check_mode else change.situation
        states = now.states(change.declared, [])
    except DockerError as exc:
        module.fail_json(msg=str(exc))
    for warning in change.warnings + outcome.warnings:
        module.warn(warning)
    module.exit_json(**result, states={key: shown(states[key], key) for key in change.declared if key in states})


if __name__ == "__main__":
    main()
