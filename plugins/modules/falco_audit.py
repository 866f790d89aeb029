#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit Falco."""

from __future__ import annotations

DOCUMENTATION = r"""
module: falco_audit
short_description: Audit a Falco, its configuration, its rules, and what it drops
version_added: 0.3.0
description:
  - Judges whether Falco runs and sees everything, whether its alerts arrive where they should, and whether its
    configuration and rules are what was declared.
  - Asks the webserver of Falco (C(/healthz), C(/versions), C(/metrics)), and reads files on the target. Changes
    nothing.
  - The drift of rules is told file by file and item by item. Where Falco gives metrics, what it has loaded is compared
    with what is installed.
  - Does not fail because of what it finds. Use M(bulkhead.container_security.audit_report) to let a play fail.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.audit
requirements:
  - jmespath (on the target)
  - PyYAML (on the target, for O(config_path) and O(rules_paths))
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: A second run gives the same findings, unless Falco changed meanwhile.
options:
  urls:
    description:
      - Addresses of webservers of Falco, such as V(http://127.0.0.1:8765), each of another Falco. Without any, no
        running Falco is judged.
    type: list
    elements: str
    default: []
  health_path:
    description: The path at which they say that they are well.
    type: str
    default: /healthz
  ca_path:
    description: The authority of their certificates, where they have some.
    type: path
  validate_certs:
    description: Whether their certificates are verified. Falco's own webserver often has one for no name.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 10.0
  config_path:
    description:
      - The configuration on the target, such as V(/etc/falco/falco.yaml). Without it, no configuration is judged.
    type: path
  declared_config:
    description:
      - The whole configuration as it was declared, such as P(bulkhead.container_security.falco_config#filter) makes it.
        What differs is a finding.
    type: dict
  rules_paths:
    description:
      - Files of rules on the target, and folders of them, in the order in which Falco loads them.
    type: list
    elements: path
    default: []
  declared_rules:
    description:
      - Files of rules as they were declared, texts by their names. What differs, is missing, or was not declared is a
        finding. Name those that come with Falco's package in neither option, or in both.
    type: dict
  falco_version:
    description: The version that is declared. It decides which keys a configuration may have, too.
    type: str
  platform:
    description: Where Falco runs. In a pod, its webserver has to answer at the address of the pod.
    type: str
    choices: [host, kubernetes]
    default: host
  drops_percent:
    description: How many of a hundred events may be lost.
    type: float
    default: 1.0
  snapshot:
    description:
      - Judge these facts, as O(include_snapshot) returned them, and look at nothing else.
    type: dict
  target:
    description:
      - The name of what is audited, in findings. C({{ inventory_hostname }}) is what reports expect.
    type: str
"""

EXAMPLES = r"""
- name: Audit Falco on a host
  bulkhead.container_security.falco_audit:
    urls: [http://127.0.0.1:8765]
    config_path: /etc/falco/falco.yaml
    declared_config: "{{ declared | bulkhead.container_security.falco_config }}"
    rules_paths: [/etc/falco/rules.d]
    target: "{{ inventory_hostname }}"
  vars:
    declared:
      priority: notice
  register: audit

- name: Audit the Falcos of a cluster, each at the address of its pod
  bulkhead.container_security.falco_audit:
    urls: "{{ pod_addresses | map('regex_replace', '^(.*)$', 'http://\\1:8765') | list }}"
    platform: kubernetes
    falco_version: 0.43.1
    drops_percent: 0.1

- name: Judge yesterday's facts again
  bulkhead.container_security.falco_audit:
    snapshot_path: /var/lib/audit/falco-snapshot.json
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
      sample: falco.rules.drift
    references:
      description: The same matter in benchmarks, of which there are none for Falco.
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
      description: What was audited.
      type: str
    subject:
      description: Kind and name of what was judged.
      type: dict
      sample: {kind: FalcoRulesFile, name: bulkhead_workshop.yaml}
    expected:
      description: The operator and its operand.
      type: dict
    actual:
      description: What was found.
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
  sample: {status: {pass: 21, fail: 1}, severity: {critical: 0, high: 1, medium: 0}, controls: 28}
controls:
  description:
    - Ids of the controls that judged it, so that a report can tell what is resolved from what was not looked at.
  returned: success
  type: list
  elements: str
  sample: [falco.health, falco.rules.drift]
collected_at:
  description: When the facts were collected, in UTC.
  returned: success
  type: str
  sample: '2026-01-01T00:00:00Z'
versions:
  description: The version of Falco.
  returned: success
  type: dict
target:
  description: The name of what was audited.
  returned: success
  type: str
requests:
  description: How many requests were made to webservers of Falco.
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
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.yaml_text import HAS_YAML
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError


def argument_spec() -> dict[str, dict[str, object]]:
    """The module's options, as documented above."""
    return {
        **audit_argument_spec(),
        "urls": {"type": "list", "elements": "str", "default": []},
        "health_path": {"type": "str", "default": "/healthz"},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": 10.0},
        "config_path": {"type": "path"},
        "declared_config": {"type": "dict"},
        "rules_paths": {"type": "list", "elements": "path", "default": []},
        "declared_rules": {"type": "dict"},
        "falco_version": {"type": "str"},
        "platform": {"type": "str", "choices": ["host", "kubernetes"], "default": "host"},
        "drops_percent": {"type": "float", "default": 1.0},
        "snapshot": {"type": "dict"},
        "target": {"type": "str"},
    }


def main() -> None:
    """Audit, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["snapshot", "snapshot_path"]],
        required_one_of=[["urls", "config_path", "rules_paths", "snapshot", "snapshot_path"]],
    )
    if not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    if not HAS_YAML and (module.params["config_path"] or module.params["rules_paths"]):
        module.fail_json(msg=missing_required_lib("PyYAML"))
    try:
        result = audit(module.params)
    except (ControlError, FalcoError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
