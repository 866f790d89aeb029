#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_registry
short_description: Registries that Anchore Engine pulls images from
version_added: 0.4.0
description:
  - Makes registries and their credentials known to Anchore Engine, several in one call.
  - Registries that are not named are never touched. Removing one removes no image.
  - No password is in what the module returns, in a diff or in a message, whatever the engine says.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.anchore
options:
  registries:
    description: The registries.
    type: list
    elements: dict
    required: true
    suboptions:
      registry:
        description:
          - Host and port as in a reference of an image, such as V(registry.example.com:5000).
          - A part of a repository may follow, with V(*) at its end, to have credentials of its own.
        type: str
        required: true
      name:
        description: What people call it. A new one is named as O(registries[].registry).
        type: str
      type:
        description: Kind of registry. A new one is V(docker_v2).
        type: str
        choices: [docker_v2, awsecr]
      username:
        description: Who pulls. For V(awsecr) the id of an access key, or V(awsauto).
        type: str
      password:
        description: The password. Every change needs it, for an engine takes none without.
        type: str
      verify:
        description: Whether the engine verifies the certificate of the registry. It does with a new one.
        type: bool
      validate:
        description: Whether the engine tries the credentials before it keeps them.
        type: bool
        default: true
      state:
        description: Whether it shall be known.
        type: str
        choices: [present, absent]
        default: present
  update_password:
    description:
      - V(on_create) writes the password of a registry that is new, or changes otherwise.
      - V(always) writes every password that is given, and reports a change each time, for none can be read back.
    type: str
    choices: [always, on_create]
    default: on_create
attributes:
  check_mode:
    description: Predicts the same changes. Credentials are not tried.
    support: full
  diff_mode:
    description: Shows the fields that change. Of a password it shows only that it is written.
    support: full
  idempotent:
    description: Not with O(update_password=always).
    support: partial
"""

EXAMPLES = r"""
- name: Let the engine pull from the registry of the workshop
  bulkhead.container_security.anchore_registry:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
    registries:
      - registry: registry.example.com:5000
        name: Workshop
        username: puller
        password: "{{ puller_password }}"
      - registry: old.example.com
        state: absent

- name: Give a new password to the engine after it was rotated
  bulkhead.container_security.anchore_registry:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
    update_password: always
    registries:
      - registry: registry.example.com:5000
        username: puller
        password: "{{ puller_password }}"
"""

RETURN = r"""
registries:
  description: What happened to each registry, in the order of the declaration.
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: Host and port.
      type: str
    action:
      description: V(created), V(changed), V(deleted) or V(unchanged).
      type: str
    password_written:
      description: Whether the engine was given a password.
      type: bool
  sample:
    - {registry: 'registry.example.com:5000', action: created, password_written: true}
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
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.registry_plan import (
    carry_out,
    check,
    diff,
    plan,
    report,
    survey,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    registry: dict[str, dict[str, Any]] = {
        "registry": {"type": "str", "required": True},
        "name": {"type": "str"},
        "type": {"type": "str", "choices": ["docker_v2", "awsecr"]},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "verify": {"type": "bool"},
        "validate": {"type": "bool", "default": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    return {
        **anchore_argument_spec(),
        "registries": {"type": "list", "elements": "dict", "required": True, "options": registry},
        # Not a secret, whatever its name: when passwords are written.
        "update_password": {
            "type": "str",
            "choices": ["always", "on_create"],
            "default": "on_create",
            "no_log": False,
        },
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    declared = module.params["registries"]
    try:
        check(declared)
        client = client_of(module.params)
        steps = plan(declared, survey(client), module.params["update_password"])
        if not module.check_mode:
            carry_out(client, steps)
    except AnchoreError as exc:
        module.fail_json(msg=str(exc))
    changed = any(step.action != "unchanged" for step in steps)
    module.exit_json(changed=changed, registries=report(steps), requests=client.requests, diff=diff(steps))


if __name__ == "__main__":
    main()
