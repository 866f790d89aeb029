#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit one Docker host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_audit
short_description: Audit a Docker host, its daemon, images, containers, networks and swarm
version_added: 0.1.0
description:
  - Judges a Docker host by the controls of the CIS Docker Benchmark (1.8.0 and 1.6.0) and by many that the benchmark
    does not have, containers that do not run included.
  - Reads the Docker Engine API, files, and C(/proc). Executes nothing, neither on the host nor in a container, and
    changes nothing.
  - Does not fail because of what it finds. Use M(bulkhead.container_security.audit_report) to let a play fail.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.docker
  - bulkhead.container_security.audit
requirements:
  - jmespath (on the target)
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: A second run gives the same findings, unless Docker or the host changed meanwhile.
options:
  benchmark:
    description:
      - Judge only by the controls of this benchmark. Without it every control is used.
    type: str
    choices: [cis-docker]
  benchmark_version:
    description:
      - The version of O(benchmark). Implies it.
    type: str
    choices: ['1.6.0', '1.8.0']
  snapshot:
    description:
      - Judge these facts, as O(include_snapshot) returned them, and do not speak to Docker at all.
    type: dict
  target:
    description:
      - The name of the audited host in findings. C({{ inventory_hostname }}) is what reports expect.
      - Without it, the host name that the engine gives.
    type: str
  pidfile:
    description:
      - The pidfile of the daemon. Needed only where O(docker_host) is a TCP address of this very host.
    type: path
  declared:
    description:
      - Options that the daemon is to have, as in C(daemon.json), to be told where it has others.
      - Hand over what M(bulkhead.container_security.docker_daemon_config) is given, and drift becomes a finding.
    type: dict
  trusted_users:
    description:
      - Users that may control Docker.
    type: list
    elements: str
  allowed_registries:
    description:
      - Registries that images may come from, as C(host[:port]) or C(host[:port]/repository). Images of Docker Hub are
        in V(docker.io), the official ones in V(docker.io/library).
      - Without it, nobody can tell, and the control is V(manual).
    type: list
    elements: str
    default: []
  image_max_age_days:
    description:
      - How old an image in use may be, in days.
    type: int
    default: 90
  max_unused_images:
    description:
      - How many images there may be that no container uses.
    type: int
    default: 20
  max_stopped_containers:
    description:
      - How many containers there may be that do not run.
    type: int
    default: 20
  list_setuid:
    description:
      - Read the layers of every image on disk, and list setuid and setgid files. It takes a while for large images.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Audit a Docker host
  bulkhead.container_security.docker_audit:
    target: "{{ inventory_hostname }}"
    trusted_users: [deploy]
    allowed_registries: [registry.example.com]
  become: true
  register: audit

- name: Audit containers by section 5 of CIS Docker 1.6.0
  bulkhead.container_security.docker_audit:
    benchmark_version: 1.6.0
    sections: ['5']
  become: true

- name: Change what is expected, and add a control
  bulkhead.container_security.docker_audit:
    overrides:
      docker.container.restart_policy:
        expected: {at_most: 10}
        severity: info
      docker.container.read_only_root:
        enabled: false
    controls:
      - id: example.container.owner
        title: Container names its owner
        scope: container
        severity: low
        actual: labels.owner
        expected: {present: true}
        remediation: Label the container with its owner.
  become: true

- name: Judge yesterday's facts again
  bulkhead.container_security.docker_audit:
    snapshot_path: /var/lib/audit/docker-snapshot.json
"""

RETURN = r"""
findings:
  description: What the controls say of each subject. Passes are left out unless asked for.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Id of the control.
      type: str
      sample: docker.container.privileged
    references:
      description: The same matter in benchmarks.
      type: list
      elements: dict
    title:
      description: What is wanted.
      type: str
    severity:
      description: One of V(critical), V(high), V(medium), V(low), V(info).
      type: str
    status:
      description: One of V(fail), V(pass), V(not_applicable), V(manual), V(error).
      type: str
    target:
      description: The audited host.
      type: str
    subject:
      description: Kind and name of what was judged.
      type: dict
      sample: {kind: container, name: web}
    expected:
      description: The operator and its operand.
      type: dict
    actual:
      description: What was found. Secrets are shown as fingerprints.
      type: raw
    evidence:
      description: Facts that explain it.
      type: raw
    reason:
      description: Why it is neither a pass nor a failure.
      type: str
    remediation:
      description: What to do.
      type: str
    fingerprint:
      description: Names the finding, the same in every run.
      type: str
    waiver:
      description: Always null here. M(bulkhead.container_security.audit_report) sets it.
      type: dict
    drift:
      description: Always null here. M(bulkhead.container_security.audit_report) sets it.
      type: str
summary:
  description: Counts of the findings, passes included, and of failures by severity.
  returned: success
  type: dict
  sample: {status: {pass: 210, fail: 3}, severity: {critical: 1, high: 0, medium: 2}, controls: 124}
controls:
  description:
    - Ids of the controls that judged the host, so that a report can tell what is resolved from what was not looked at.
  returned: success
  type: list
  elements: str
  sample: [docker.container.privileged, docker.daemon.icc]
collected_at:
  description: When the facts were collected, in UTC.
  returned: success
  type: str
  sample: '2026-01-01T00:00:00Z'
versions:
  description: Versions of the engine, its API and the kernel.
  returned: success
  type: dict
target:
  description: The name of the audited host.
  returned: success
  type: str
requests:
  description: How many requests were made to the engine.
  returned: success
  type: int
snapshot:
  description: The facts that were judged.
  returned: when O(include_snapshot) is true
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import HAS_JMESPATH
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.options import audit_argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import (
    connection_argument_spec,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


def argument_spec() -> dict[str, dict[str, object]]:
    """The module's options, as documented above."""
    return {
        **connection_argument_spec(),
        **audit_argument_spec(),
        "benchmark": {"type": "str", "choices": ["cis-docker"]},
        "benchmark_version": {"type": "str", "choices": ["1.6.0", "1.8.0"]},
        "snapshot": {"type": "dict"},
        "target": {"type": "str"},
        "pidfile": {"type": "path"},
        "declared": {"type": "dict"},
        "trusted_users": {"type": "list", "elements": "str"},
        "allowed_registries": {"type": "list", "elements": "str", "default": []},
        "image_max_age_days": {"type": "int", "default": 90},
        "max_unused_images": {"type": "int", "default": 20},
        "max_stopped_containers": {"type": "int", "default": 20},
        "list_setuid": {"type": "bool", "default": False},
    }


def main() -> None:
    """Audit, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["snapshot", "snapshot_path"]],
    )
    if not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    try:
        result = audit(module.params)
    except (ControlError, DockerError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
