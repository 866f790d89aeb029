#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit NATS servers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nats_audit
short_description: Audit NATS servers, their accounts, streams, consumers and users
version_added: 0.3.0
description:
  - Judges NATS servers by who gets in and over what, by their limits, and by how they, their streams and consumers are.
  - Asks the monitoring port of each server (O(monitor_urls)), or by a user of the system account every server of the
    cluster (O(servers)). Changes nothing.
  - With O(config), the configuration file and the users in it are judged too, which servers do not tell about.
  - Does not fail because of what it finds. Use M(bulkhead.container_security.audit_report) to let a play fail.
  - There is no benchmark of NATS, so that O(sections) chooses nothing.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.nats
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
    description: A second run gives the same findings, unless the servers changed meanwhile.
options:
  monitor_urls:
    description:
      - Addresses of the monitoring ports, one for each server, such as V(http://127.0.0.1:8222). Needs no nats-py.
    type: list
    elements: str
    default: []
  config:
    description:
      - The configuration file of the server on the target. What it includes is not read.
    type: path
  snapshot:
    description:
      - Judge these facts, as O(include_snapshot) returned them, and do not speak to a server at all.
    type: dict
  target:
    description:
      - The name of the server or cluster in findings. C({{ inventory_hostname }}) is what reports expect.
      - Without it, the name of the cluster, or of the only server.
    type: str
  certificate_days:
    description:
      - For how many days the certificate of a server must hold from now on.
    type: int
    default: 30
  consumer_lag:
    description:
      - How many messages a consumer may be behind.
    type: int
    default: 10000
  storage_percent:
    description:
      - How much of what JetStream may store can be used, in percent.
    type: int
    default: 80
"""

EXAMPLES = r"""
- name: Audit the server of this host
  bulkhead.container_security.nats_audit:
    monitor_urls: [http://127.0.0.1:8222]
    config: /etc/nats/nats.conf
    target: "{{ inventory_hostname }}"
  register: audit

- name: Audit a cluster by its system account
  bulkhead.container_security.nats_audit:
    servers: [tls://nats.example.com:4222]
    ca_file: pki/nats/ca.pem
    cert_file: pki/nats/clients/monitor/cert.pem
    key_file: pki/nats/clients/monitor/key.pem
    nkey_seed_file: pki/nats/clients/monitor/user.nk
    overrides:
      # Behind a NetworkPolicy.
      nats.server.monitoring_local:
        enabled: false
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
      sample: nats.server.tls
    references:
      description: The same matter in benchmarks. Empty, for there is no benchmark of NATS.
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
      description: The audited server or cluster.
      type: str
    subject:
      description: Kind and name of what was judged.
      type: dict
      sample: {kind: Stream, name: FALCO, namespace: RESPONSE}
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
  sample: {status: {pass: 40, fail: 3}, severity: {critical: 1, high: 0, medium: 2}, controls: 40}
controls:
  description:
    - Ids of the controls that judged the servers, so that a report can tell what is resolved from what was not
      looked at.
  returned: success
  type: list
  elements: str
  sample: [nats.server.authentication, nats.stream.bounded]
collected_at:
  description: When the facts were collected, in UTC.
  returned: success
  type: str
  sample: '2026-01-01T00:00:00Z'
versions:
  description: The version of each server.
  returned: success
  type: dict
target:
  description: The name of the audited server or cluster.
  returned: success
  type: str
requests:
  description: How many requests were made.
  returned: success
  type: int
snapshot:
  description: The facts that were judged.
  returned: when O(include_snapshot) is true
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import HAS_JMESPATH
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.options import audit_argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connection_argument_spec,
    require_nats,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options, as documented above."""
    return {
        **connection_argument_spec(),
        **audit_argument_spec(),
        "monitor_urls": {"type": "list", "elements": "str", "default": []},
        "config": {"type": "path"},
        "snapshot": {"type": "dict"},
        "target": {"type": "str"},
        "certificate_days": {"type": "int", "default": 30},
        "consumer_lag": {"type": "int", "default": 10000},
        "storage_percent": {"type": "int", "default": 80},
    }


def main() -> None:
    """Audit, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["snapshot", "snapshot_path"], *MUTUALLY_EXCLUSIVE],
        required_together=REQUIRED_TOGETHER,
    )
    if not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    if module.params["servers"] and not module.params["monitor_urls"]:
        require_nats(module)
    try:
        result = audit(module.params)
    except (ControlError, NatsError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
