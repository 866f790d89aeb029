#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: findings_publish
short_description: Publish findings of an audit as events on NATS
version_added: 0.3.0
description:
  - Publishes each chosen finding of a report to a stream of NATS JetStream, where rulebooks and others read it.
  - The subject is C(findings.SEVERITY.CONTROL), such as C(findings.high.docker.container.privileged). What is neither a
    letter, a digit, a dot, C(_) nor C(-) in the id of a control becomes C(_).
  - A message is JSON with C(schema_version), C(collected_at) and the C(finding) as it stands in the report.
  - The same finding of the same audit is stored once for as long as the stream's duplicate window lasts, so that a run
    that broke off can be repeated.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.nats
options:
  report:
    description:
      - A JSON file on the target with a report of M(bulkhead.container_security.audit_report), the result of an audit
        module, or a list of findings.
    type: path
  findings:
    description: The findings themselves, or the registered result of an audit module, instead of O(report).
    type: raw
  severity:
    description: Publish findings of this severity, and worse ones.
    type: str
    choices: [critical, high, medium, low, info]
    default: info
  status:
    description: Publish findings with these verdicts.
    type: list
    elements: str
    choices: [pass, fail, waived, not_applicable, manual, error]
    default: [fail]
  drift:
    description:
      - Publish only what so changed since the previous report. V(resolved) brings what the report lists as resolved,
        whatever O(status) says. Empty for all findings.
      - A first report has nothing to compare with, so that none of its findings has changed.
    type: list
    elements: str
    choices: [new, regressed, persisting, resolved]
    default: []
  subject_prefix:
    description: What the subjects begin with.
    type: str
    default: findings
  in_flight:
    description: How many messages may wait for the server's answer at a time, from 1 to 1000.
    type: int
    default: 100
attributes:
  check_mode:
    description: Nothing is published, and no server is asked. RV(selected) says how many findings would be.
    support: full
  diff_mode:
    description: Events are not a state that has differences.
    support: none
  idempotent:
    description: When run twice in a row, the second run reports no change.
    support: partial
    details: Only as long as the stream's duplicate window lasts, which is two minutes unless it is set.
seealso:
  - module: bulkhead.container_security.audit_report
  - module: bulkhead.container_security.nats_stream
"""

EXAMPLES = r"""
- name: Publish what has become worse since the last audit
  bulkhead.container_security.findings_publish:
    servers: [tls://nats.example.com:4222]
    ca_file: /etc/bulkhead/nats/ca.crt
    cert_file: /etc/bulkhead/nats/auditor.crt
    key_file: /etc/bulkhead/nats/auditor.key
    nkey_seed_file: /etc/bulkhead/nats/auditor.nk
    report: /var/lib/bulkhead/report/audit-report.json
    severity: high
    drift: [new, regressed]
  delegate_to: localhost
  run_once: true

- name: Publish the findings of a Docker host
  bulkhead.container_security.findings_publish:
    servers: [tls://nats.example.com:4222]
    findings: "{{ bulkhead_docker_audit }}"
"""

RETURN = r"""
selected:
  description: How many findings were chosen.
  returned: success
  type: int
published:
  description: How many of them are new in a stream. In check mode, none.
  returned: success
  type: int
duplicates:
  description: How many of them a stream had already.
  returned: success
  type: int
streams:
  description: The streams that took them.
  returned: success
  type: list
  elements: str
  sample: [FINDINGS]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import DRIFTS
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, STATUSES
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    checked,
    connection_argument_spec,
    conversation,
    require_nats,
    run,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.finding_events import (
    Choice,
    Event,
    events_of,
    read_report,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.publishing import Published, publish_all


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    return {
        **connection_argument_spec(),
        "report": {"type": "path"},
        "findings": {"type": "raw"},
        "severity": {"type": "str", "choices": list(SEVERITIES), "default": "info"},
        "status": {"type": "list", "elements": "str", "choices": list(STATUSES), "default": ["fail"]},
        "drift": {"type": "list", "elements": "str", "choices": list(DRIFTS), "default": []},
        "subject_prefix": {"type": "str", "default": "findings"},
        "in_flight": {"type": "int", "default": 100},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[*MUTUALLY_EXCLUSIVE, ["report", "findings"]],
        required_one_of=[["report", "findings"]],
        required_together=REQUIRED_TOGETHER,
    )
    require_nats(module)
    try:
        events = _chosen(module.params)
        done = Published() if module.check_mode else run(_published(module.params, events))
    except NatsError as exc:
        module.fail_json(msg=str(exc))
    changed = bool(events) if module.check_mode else bool(done.stored)
    counts = {"selected": len(events), "published": done.stored, "duplicates": done.duplicates}
    module.exit_json(changed=changed, **counts, streams=sorted(done.streams))


def _chosen(params: dict[str, Any]) -> list[Event]:
    """What to publish. Raises NatsError for options and reports that cannot be used."""
    checked(params)
    if not 1 <= params["in_flight"] <= 1000:
        raise NatsError(f"in_flight is {params['in_flight']}: give a number from 1 to 1000")
    document = read_report(params["report"]) if params["report"] else params["findings"]
    choice = Choice(params["severity"], params["status"], params["drift"])
    return events_of(document, choice, params["subject_prefix"])


async def _published(params: dict[str, Any], events: list[Event]) -> Published:
    if not events:
        return Published()
    async with conversation(params) as talk:
        return await publish_all(talk, events, params["in_flight"])


if __name__ == "__main__":
    main()
