#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_subscription
short_description: What Anchore Engine watches of an image
version_added: 0.4.0
description:
  - Brings subscriptions of Anchore Engine to what is declared, of many tags in one call.
  - Subscriptions that are not named are never touched.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.anchore
options:
  subscriptions:
    description: The subscriptions.
    type: list
    elements: dict
    required: true
    suboptions:
      key:
        description:
          - The image, as the engine names it, such as V(docker.io/library/nginx:1.27).
        type: str
        required: true
      types:
        description:
          - What is watched. V(tag_update) analyses an image anew when its tag moves, V(analysis_update) tells when an
            analysis ends, V(policy_eval) when the verdict changes, V(vuln_update) when vulnerabilities do.
        type: list
        elements: str
        choices: [tag_update, analysis_update, policy_eval, vuln_update]
        required: true
      active:
        description: Whether the engine acts upon it.
        type: bool
        default: true
      state:
        description: Whether it shall be there.
        type: str
        choices: [present, absent]
        default: present
attributes:
  check_mode:
    description: Predicts the same changes.
    support: full
  diff_mode:
    description: Shows the subscriptions that change, before and after.
    support: full
  idempotent:
    description: What is as declared is not written.
    support: full
"""

EXAMPLES = r"""
- name: Analyse nginx anew when its tag moves, and tell of new verdicts
  bulkhead.container_security.anchore_subscription:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
    subscriptions:
      - key: docker.io/library/nginx:1.27
        types: [tag_update, policy_eval, vuln_update]
      - key: docker.io/library/nginx:1.25
        types: [tag_update, policy_eval, vuln_update]
        state: absent
"""

RETURN = r"""
subscriptions:
  description: What happened to each subscription, in the order of the declaration.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The image.
      type: str
    type:
      description: What is watched.
      type: str
    action:
      description: V(created), V(changed), V(deleted) or V(unchanged).
      type: str
    active:
      description: Whether the engine acts upon it now.
      type: bool
  sample:
    - {key: 'docker.io/library/nginx:1.27', type: tag_update, action: created, active: true}
requests:
  description: Number of requests made.
  returned: success
  type: int
  sample: 2
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.subscription_plan import (
    TYPES,
    carry_out,
    check,
    diff,
    plan,
    report,
    survey,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    subscription: dict[str, dict[str, Any]] = {
        "key": {"type": "str", "required": True, "no_log": False},
        "types": {"type": "list", "elements": "str", "choices": list(TYPES), "required": True},
        "active": {"type": "bool", "default": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    return {
        **anchore_argument_spec(),
        "subscriptions": {"type": "list", "elements": "dict", "required": True, "options": subscription},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    declared = module.params["subscriptions"]
    try:
        check(declared)
        client = client_of(module.params)
        steps = plan(declared, survey(client))
        if not module.check_mode:
            carry_out(client, steps)
    except AnchoreError as exc:
        module.fail_json(msg=str(exc))
    changed = any(step.action != "unchanged" for step in steps)
    module.exit_json(changed=changed, subscriptions=report(steps), requests=client.requests, diff=diff(steps))


if __name__ == "__main__":
    main()
