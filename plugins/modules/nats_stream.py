#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nats_stream
short_description: Streams and consumers of NATS JetStream
version_added: 0.3.0
description:
  - Brings streams of JetStream, each with its durable consumers, to what is declared, in one call.
  - A field that is not declared stays as it is, and a new stream gets the server's default.
  - Streams and consumers that are not named are never touched.
  - What a server cannot change in place is refused before anything is done. See O(recreate).
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.nats
options:
  streams:
    description: The streams.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the stream.
        type: str
        required: true
      state:
        description: Whether it shall be there. V(absent) deletes it with all its messages and consumers.
        type: str
        choices: [present, absent]
        default: present
      description:
        description: What it is for.
        type: str
      subjects:
        description: The subjects whose messages it keeps. A new stream needs them.
        type: list
        elements: str
      retention:
        description: Until when messages are kept. Cannot change in place.
        type: str
        choices: [limits, interest, workqueue]
      storage:
        description: Where messages are kept. Cannot change in place.
        type: str
        choices: [file, memory]
      compression:
        description: How a file is compressed. Needs a server of 2.10 or later.
        type: str
        choices: [none, s2]
      max_bytes:
        description: The most it may hold, as bytes or as in V(10GiB). V(-1) is no limit.
        type: str
      max_age:
        description: How long a message is kept at most, as in V(24h) or V(30d). V(0) is for ever.
        type: str
      max_msgs:
        description: The most messages it may hold. V(-1) is no limit.
        type: int
      max_msgs_per_subject:
        description: The most messages it may hold of one subject. V(-1) is no limit.
        type: int
      max_msg_size:
        description: The largest message, as bytes or as in V(1MiB). V(-1) is no limit but that of the server.
        type: str
      max_consumers:
        description: The most consumers it may have. V(-1) is no limit. Cannot change in place.
        type: int
      duplicate_window:
        description: For how long a message with the same C(Nats-Msg-Id) is taken for the same, as in V(2m).
        type: str
      replicas:
        description: On how many servers of a cluster it is kept.
        type: int
      discard:
        description: What happens when it is full. V(old) loses the oldest messages, V(new) refuses new ones.
        type: str
        choices: [old, new]
      deny_delete:
        description: Whether no message can be deleted by its number. Once switched on, it stays on.
        type: bool
      deny_purge:
        description: Whether the stream cannot be emptied. Once switched on, it stays on.
        type: bool
      allow_direct:
        description: Whether messages can be read without asking the leader of the stream.
        type: bool
      allow_rollup:
        description: Whether a message may take the place of those before it.
        type: bool
      consumers:
        description: Its durable pull consumers.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the consumer.
            type: str
            required: true
          state:
            description: Whether it shall be there.
            type: str
            choices: [present, absent]
            default: present
          description:
            description: What it is for.
            type: str
          deliver_policy:
            description: Which messages a new consumer begins with. Cannot change in place.
            type: str
            choices: [all, last, new, last_per_subject]
          ack_policy:
            description: Which messages have to be acknowledged. By default V(explicit). Cannot change in place.
            type: str
            choices: [explicit, all, none]
          ack_wait:
            description: After how long a message that is not acknowledged is delivered again, as in V(30s).
            type: str
          max_deliver:
            description: How often a message is delivered at most. V(-1) is no limit.
            type: int
          max_ack_pending:
            description: How many messages may wait to be acknowledged.
            type: int
          max_waiting:
            description: How many requests for messages may wait. Cannot change in place.
            type: int
          filter_subjects:
            description: The subjects that it is about. More than one needs a server of 2.10 or later.
            type: list
            elements: str
          backoff:
            description:
              - After how long a message is delivered again, by the number of the attempt. The first is the C(ack_wait).
            type: list
            elements: str
          inactive_threshold:
            description: After how long without a request the server deletes the consumer. V(0) is never.
            type: str
          replicas:
            description: On how many servers of a cluster its state is kept. V(0) is as many as the stream's.
            type: int
  recreate:
    description:
      - Delete and make anew what cannot be changed in place. A stream B(loses all its messages) and its other
        consumers, a consumer what it knows of messages that were delivered. A warning says so.
    type: bool
    default: false
attributes:
  check_mode:
    description: Predicts the same changes.
    support: full
  diff_mode:
    description: Shows the fields that change, before and after.
    support: full
  idempotent:
    description: What is as declared is not written.
    support: full
"""

EXAMPLES = r"""
- name: Keep alerts until the response engine has taken them
  bulkhead.container_security.nats_stream:
    servers: [tls://nats.example.com:4222]
    ca_file: pki/nats/ca.pem
    cert_file: pki/nats/clients/provisioner/cert.pem
    key_file: pki/nats/clients/provisioner/key.pem
    nkey_seed_file: pki/nats/clients/provisioner/user.nk
    streams:
      - name: FALCO
        subjects: [falco.>]
        max_age: 7d
        max_bytes: 1GiB
        duplicate_window: 2m
        consumers:
          - name: response_engine
            ack_wait: 60s
            max_ack_pending: 1000

- name: Remove a stream with all it holds
  bulkhead.container_security.nats_stream:
    servers: [tls://nats.example.com:4222]
    streams:
      - name: OLD
        state: absent
"""

RETURN = r"""
streams:
  description: What happened to each stream and consumer, in the order of the declaration.
  returned: success
  type: list
  elements: dict
  contains:
    stream:
      description: Name of the stream.
      type: str
    consumer:
      description: Name of the consumer, empty for the stream itself.
      type: str
    action:
      description: V(created), V(changed), V(recreated), V(deleted) or V(unchanged).
      type: str
    fields:
      description: The fields that differed, each with its path and the value before and after.
      type: list
      elements: dict
    lost:
      description: How many messages went with it.
      type: int
  sample:
    - {stream: FALCO, consumer: "", action: changed, fields: [{path: max_age, before: 1d, after: 7d}], lost: 0}
requests:
  description: Number of requests made.
  returned: success
  type: int
  sample: 4
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connection_argument_spec,
    conversation,
    require_nats,
    run,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_fields import (
    CONSUMER_FIELDS,
    STREAM_FIELDS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_options import field_options
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_plan import (
    Step,
    check_names,
    plan,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_report import diff, report
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.streams import carry_out, survey


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    consumers = {"type": "list", "elements": "dict", "default": [], "options": field_options(CONSUMER_FIELDS)}
    stream = {**field_options(STREAM_FIELDS), "consumers": consumers}
    return {
        **connection_argument_spec(),
        "streams": {"type": "list", "elements": "dict", "required": True, "options": stream},
        "recreate": {"type": "bool", "default": False},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_nats(module)
    try:
        steps, requests = run(_brought(module.params, module.check_mode))
    except NatsError as exc:
        module.fail_json(msg=str(exc))
    for step in steps:
        if step.action == "recreated":
            module.warn(f"{step.title} was deleted and made anew: {step.lost} messages are lost")
    changed = any(step.changes for step in steps)
    module.exit_json(changed=changed, streams=report(steps), requests=requests, diff=diff(steps))


async def _brought(params: dict[str, Any], check: bool) -> tuple[list[Step], int]:
    """The steps, carried out unless it is a check, and how many requests that took. Raises NatsError."""
    check_names(params["streams"])
    async with conversation(params) as talk:
        steps = plan(params["streams"], await survey(talk, params["streams"]), recreate=params["recreate"])
        if not check:
            await carry_out(talk, steps)
        return steps, talk.requests


if __name__ == "__main__":
    main()
