#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_system_info
short_description: Services and feeds of Anchore Engine, and how old they are
version_added: 0.4.0
description:
  - Tells the version of an engine, the state of its services, and the age and size of its feeds.
  - With O(max_feed_age_hours) it judges them too, so that an engine which passes images because it knows nothing of
    them is found by M(bulkhead.container_security.audit_report).
  - Changes nothing, and does not fail because of what it finds.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.anchore
requirements:
  - jmespath (on the target), for O(max_feed_age_hours)
options:
  max_feed_age_hours:
    description: Give findings, and let a feed be so old that many hours at most.
    type: int
  target:
    description:
      - The name of the engine in findings. C({{ inventory_hostname }}) is what reports expect.
    type: str
    default: anchore
  overrides:
    description:
      - Changes to controls, by their id. Each is a dictionary of C(expected), C(severity) and C(enabled).
    type: dict
    default: {}
  include_passes:
    description: Return the findings that are a pass, too.
    type: bool
    default: false
attributes:
  check_mode:
    description: Works the same with and without check mode, for it never changes anything.
    support: full
  diff_mode:
    description: There is never a difference to show.
    support: none
  idempotent:
    description: A second run tells the same, but for what changed meanwhile.
    support: full
"""

EXAMPLES = r"""
- name: Wait until every feed was synced
  bulkhead.container_security.anchore_system_info:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
  register: engine
  until: engine.feeds | map(attribute='groups') | flatten | selectattr('last_sync', 'eq', '') | length == 0
  retries: 60
  delay: 30

- name: Judge services and feeds
  bulkhead.container_security.anchore_system_info:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
    max_feed_age_hours: 48
    target: "{{ inventory_hostname }}"
  register: engine_audit
"""

RETURN = r"""
version:
  description: Version of the engine.
  returned: success
  type: str
  sample: 1.1.0
api_version:
  description: Version of its API.
  returned: success
  type: str
db_version:
  description: Version of its database schema.
  returned: success
  type: str
  sample: 0.0.16
services:
  description: The instances of its services.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the service.
      type: str
    host_id:
      description: Id of the host or container that it runs on.
      type: str
    base_url:
      description: Where the other services reach it.
      type: str
    up:
      description: Whether it is up.
      type: bool
    available:
      description: Whether it takes requests.
      type: bool
    busy:
      description: Whether it is at work to its limit.
      type: bool
    message:
      description: What it says of itself.
      type: str
    version:
      description: Its version.
      type: str
    db_version:
      description: The version of the database schema that it works with.
      type: str
feeds:
  description: The feeds of vulnerabilities and packages.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the feed.
      type: str
    enabled:
      description: Whether it is synced.
      type: bool
    last_full_sync:
      description: When all of it was synced last, empty for never.
      type: str
    age_hours:
      description: Hours since then, null for never.
      type: float
    groups:
      description:
        - Its groups, such as distributions, each with C(name), C(enabled), C(last_sync), C(age_hours) and
          C(record_count).
      type: list
      elements: dict
findings:
  description: What the controls say of services and feeds. Passes are left out unless asked for.
  returned: when O(max_feed_age_hours) is given
  type: list
  elements: dict
summary:
  description: Counts of the findings, passes included, and of failures by severity.
  returned: when O(max_feed_age_hours) is given
  type: dict
controls:
  description: Ids of the controls that judged the engine.
  returned: when O(max_feed_age_hours) is given
  type: list
  elements: str
collected_at:
  description: When the facts were collected, in UTC.
  returned: success
  type: str
versions:
  description: Versions of what was audited.
  returned: when O(max_feed_age_hours) is given
  type: dict
target:
  description: The name of the engine in findings.
  returned: when O(max_feed_age_hours) is given
  type: str
requests:
  description: Number of requests made.
  returned: success
  type: int
  sample: 3
"""

from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.system_audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.system_facts import system_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import HAS_JMESPATH
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.options import audit_argument_spec


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    return {
        **anchore_argument_spec(),
        "max_feed_age_hours": {"type": "int"},
        "target": {"type": "str", "default": "anchore"},
        **{name: audit_argument_spec()[name] for name in ("overrides", "include_passes")},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    judged = module.params["max_feed_age_hours"] is not None
    if judged and not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    now = datetime.now(timezone.utc)
    try:
        client = client_of(module.params)
        facts = system_facts(client, now)
        findings = audit(facts, module.params, now, client.requests) if judged else {}
    except (AnchoreError, ControlError) as exc:
        module.fail_json(msg=str(exc))
    collected = {"collected_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "requests": client.requests}
    module.exit_json(changed=False, **{**facts, **collected, **findings})


if __name__ == "__main__":
    main()
