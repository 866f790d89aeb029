#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_host_info
short_description: What there is to harden on a Docker host
version_added: 0.1.0
description:
  - Finds the daemon behind an address, the files that belong to it, those that the audit system should watch, and what
    the host's kernel and service manager offer.
  - Paths come from the running process, its options in effect and its units, not from what is usual.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.docker
options:
  pidfile:
    description: The pidfile of the daemon, which tells its process where the address cannot.
    type: path
  read_at_start:
    description: Files that the daemon reads only when it starts, such as its certificate.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed.
    support: none
  idempotent:
    description: Nothing is ever changed.
    support: full
"""

EXAMPLES = r"""
- name: Learn what belongs to the daemon
  bulkhead.container_security.docker_host_info:
  register: docker

- name: Show where its configuration is
  ansible.builtin.debug:
    var: docker.daemon.config_file
"""

RETURN = r"""
version:
  description: The version of the engine.
  returned: success
  type: str
  sample: 20.10.24
rootless:
  description: Whether the daemon runs in the user namespace of an ordinary user.
  returned: success
  type: bool
swarm:
  description: Whether the engine is a node of a swarm.
  returned: success
  type: bool
log_driver:
  description: The log driver of containers that name none.
  returned: success
  type: str
  sample: json-file
daemon:
  description: The process, its configuration file and its units.
  returned: success
  type: dict
  sample: {pid: 812, exe: /usr/sbin/dockerd, argv: [/usr/sbin/dockerd, -H, "fd://"],
    config_file: /etc/docker/daemon.json, unit: docker.service, socket_unit: docker.socket,
    unit_file: /usr/lib/systemd/system/docker.service, socket_unit_file: /usr/lib/systemd/system/docker.socket}
files:
  description: The daemon's files with the owner, group and permission bits that they should have at most.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/docker, role: config_dir, owner: root, group: root, mode_at_most: "0755"}]
watches:
  description: The paths that the audit system should watch, and whether it does.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/docker, role: config_dir, state: absent}]
stale:
  description: Those files of O(read_at_start) that were written after the daemon has started.
  returned: success
  type: list
  elements: str
live_restore:
  description: Whether containers outlive a restart of the daemon.
  returned: success
  type: bool
containers_running:
  description: How many containers run.
  returned: success
  type: int
systemd:
  description: Whether systemd runs the host.
  returned: success
  type: bool
augenrules:
  description: The program that loads audit rules, if there is one.
  returned: success
  type: str
apparmor:
  description: Whether the kernel and the host can load AppArmor profiles.
  returned: success
  type: bool
seccomp:
  description: Whether the engine filters system calls.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import (
    connect,
    connection_argument_spec,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import find_daemon
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.proof import refuse_proxy
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.facts import (
    host_facts,
    written_since,
)


def main() -> None:
    """Run the module."""
    spec = {**connection_argument_spec(), "pidfile": {"type": "path"}}
    spec["read_at_start"] = {"type": "list", "elements": "path", "default": []}
    module = AnsibleModule(spec, supports_check_mode=True)
    try:
        engine = connect(module.params)
        process = find_daemon(engine.socket_path, module.params["pidfile"])
        if process:
            refuse_proxy(process, engine.get("/info"), engine.docker_host)
        facts = host_facts(engine, process)
        facts["stale"] = written_since(process.started if process else 0.0, module.params["read_at_start"])
    except DockerError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
