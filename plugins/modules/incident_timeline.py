#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: incident_timeline
short_description: Falco alerts, API audit, Docker events, responses and evidence as one timeline
version_added: 0.3.0
description:
  - Reads what different observers have told of an incident, and puts it into one order, each event once, with the pods
    and containers that belong together marked as one subject.
  - Logs are read line by line, so that their length does not matter. A line that is no event is counted, and shown by
    its number. No more than O(max_events) are kept.
  - Objects in audit events are never shown, for they may be Secrets. Secrets in commands are masked.
author: Bulkhead contributors (@bulkhead-security)
options:
  sources:
    description: What to read.
    type: list
    elements: dict
    required: true
    suboptions:
      type:
        description:
          - V(falco) is a file of alerts as Falco or falcosidekick writes them, V(k8s_audit) a log of the audit of an
            API server, V(docker_events) a file of what C(docker events) prints as JSON, or an engine, V(responses) a
            file of decisions of the response engine. All of them hold a JSON object a line.
          - V(evidence) is a set of evidence of M(bulkhead.container_security.container_evidence), or a folder of sets.
            When processes were started and files written comes from there.
        type: str
        choices: [falco, k8s_audit, docker_events, responses, evidence]
        required: true
      paths:
        description: Files or folders on the target. Files that end in V(.gz) are unpacked.
        type: list
        elements: path
        default: []
      docker_host:
        description: For V(docker_events), an engine to ask for the last events that it remembers, 256 at most.
        type: str
      clock_ahead:
        description:
          - By how many seconds the clock of this source was ahead of the true time, negative where it was behind. It is
            subtracted.
        type: float
        default: 0.0
      name:
        description: How the source is called in the timeline. The type, where it is not given.
        type: str
  since:
    description: The first moment of interest, such as V(2026-01-31T12:00:00Z).
    type: str
  until:
    description: The last one.
    type: str
  namespaces:
    description: Only what concerns these namespaces.
    type: list
    elements: str
    default: []
  pods:
    description:
      - Only what concerns these pods, as V(namespace/name) or by their name alone. What their ServiceAccount token was
        used for counts as well, where the API server tells the pod of a token.
    type: list
    elements: str
    default: []
  pod_uids:
    description: Only what concerns the pods with these uids, or those of O(pods) or O(containers).
    type: list
    elements: str
    default: []
  containers:
    description: Only what concerns these containers, by name or by id, or the pods that they are of.
    type: list
    elements: str
    default: []
  routine:
    description:
      - Whether to show what a cluster does all the time as well. That is reads of what is no Secret, leases, updates of
        status, alerts that matched no response.
    type: bool
    default: false
  max_events:
    description: How many events there are at most. The latest stay.
    type: int
    default: 20000
  title:
    description: The heading.
    type: str
    default: Incident timeline
  outputs:
    description: Files to write, with mode 0600. Without any, the events are returned.
    type: list
    elements: dict
    default: []
    suboptions:
      format:
        description: V(html) is one page that needs nothing else, not even a script.
        type: str
        choices: [html, json, markdown]
        required: true
      path:
        description: The file. Its folder must be there.
        type: path
        required: true
  timeout:
    description: Seconds to wait for an answer of an engine.
    type: float
    default: 30.0
attributes:
  check_mode:
    description: Nothing is written.
    support: full
  diff_mode:
    description: A timeline is no change of a line or two.
    support: none
  idempotent:
    description: The same logs give the same files, which are not written again.
    support: full
seealso:
  - module: bulkhead.container_security.container_evidence
"""

EXAMPLES = r"""
- name: What happened around the pod that Falco complained of?
  bulkhead.container_security.incident_timeline:
    title: INC-2042
    sources:
      - type: falco
        paths: [/srv/incident/falco.jsonl]
      - type: k8s_audit
        paths: [/srv/incident/audit.log, /srv/incident/audit-2026-01-31.log.gz]
        clock_ahead: 1.5
      - type: responses
        paths: [/srv/incident/decisions.jsonl]
      - type: evidence
        paths: [/srv/forensics]
    pods: [shop/web-6d4cf56db6-x2lqj]
    since: "2026-01-31T11:00:00Z"
    outputs:
      - format: html
        path: /srv/incident/timeline.html
      - format: json
        path: /srv/incident/timeline.json
"""

RETURN = r"""
summary:
  description: What the timeline holds.
  returned: success
  type: dict
  contains:
    events:
      description: How many events.
      type: int
    first:
      description: When the first one was.
      type: str
    last:
      description: When the last one was.
      type: str
    severities:
      description: How many of each severity.
      type: dict
    repeated:
      description: How many were told more than once, and are shown once.
      type: int
    left_out:
      description: How many earlier ones there was no room for.
      type: int
    sources:
      description: How many events were read of each source, and how many lines are none.
      type: list
      elements: dict
subjects:
  description: The pods and containers, by all their names.
  returned: success
  type: list
  elements: dict
  sample:
    - id: S1
      namespaces: [shop]
      pods: [web-6d4cf56db6-x2lqj]
      pod_uids: [0b2c4f6e-8a0c-4e2f-9b1d-3c5e7f9a1b2d]
      container_ids: [4c01db0b339c]
      first: "2026-01-31T12:00:00.000000Z"
      last: "2026-01-31T12:00:03.250000Z"
      events: 12
events:
  description: The events in their order.
  returned: when O(outputs) is empty
  type: list
  elements: dict
  sample:
    - time: "2026-01-31T12:00:01.500000Z"
      source: falco
      severity: notice
      kind: alert
      summary: Terminal shell in container
      subject: S1
written:
  description: The files that were written, or in check mode would be.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.run import (
    argument_spec,
    run,
)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        result = run(module.params, check=module.check_mode)
    except (ForensicsError, DockerError) as exc:
        module.fail_json(msg=str(exc))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
