#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_policy
short_description: Policy bundles of Anchore Engine
version_added: 0.4.0
description:
  - Brings policy bundles of Anchore Engine to what is declared, several in one call.
  - Each is validated before anything is sent, so that every mistake comes at once, with its place, gate, trigger and
    parameter, and what may stand there instead.
  - Bundles that are not named are never touched, but for the active one where another one becomes active.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.anchore
options:
  url:
    description: Address of the engine's API. Needed unless O(validate_only) with V(builtin).
    type: str
    required: false
  username:
    description: Who asks. Needed as O(url) is.
    type: str
    required: false
  password:
    description: The password. Needed as O(url) is.
    type: str
    required: false
  bundle:
    description: The bundle, as the API takes it.
    type: dict
  path:
    description: JSON file on the target that holds the bundle.
    type: path
  id:
    description: Id of the bundle that shall be gone.
    type: str
  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
  active:
    description:
      - Whether it is the bundle that judges images where none is asked for. Without it, nothing changes in that.
      - One bundle is always active. To make it inactive, or to delete it, another one has to become active, in the
        same call or before.
    type: bool
  bundles:
    description: Several bundles, in place of O(bundle), O(path) and O(id).
    type: list
    elements: dict
    suboptions:
      bundle:
        description: The bundle, as the API takes it.
        type: dict
      path:
        description: JSON file on the target that holds the bundle.
        type: path
      id:
        description: Id of the bundle that shall be gone.
        type: str
      state:
        description: Whether it shall be there.
        type: str
        choices: [present, absent]
        default: present
      active:
        description: As O(active).
        type: bool
  validate_only:
    description: Validate, and do nothing else.
    type: bool
    default: false
  validate_against:
    description:
      - Which gates, triggers and parameters there are. V(builtin) knows those of Anchore Engine 1.1.0.
      - V(engine) asks the engine itself, which an engine of another version needs.
    type: str
    choices: [builtin, engine]
    default: builtin
attributes:
  check_mode:
    description: Predicts the same changes.
    support: full
  diff_mode:
    description: Shows the bundles before and after, without what only the form differs in.
    support: full
  idempotent:
    description: Bundles are compared by their meaning; ids that the engine gave are no difference.
    support: full
"""

EXAMPLES = r"""
- name: Let the workshop's policy decide
  bulkhead.container_security.anchore_policy:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
    bundle: "{{ lookup('ansible.builtin.file', 'policies/workshop.json') | from_json }}"
    active: true

- name: Change to another bundle, and remove the one before
  bulkhead.container_security.anchore_policy:
    url: https://anchore.example.com/v1
    username: admin
    password: "{{ anchore_admin_password }}"
    bundles:
      - path: /etc/anchore/policies/strict.json
        active: true
      - id: bulkhead-workshop
        state: absent

- name: Validate a bundle in CI, without an engine
  bulkhead.container_security.anchore_policy:
    path: "{{ playbook_dir }}/policies/team.json"
    validate_only: true
"""

RETURN = r"""
bundles:
  description: What happened to each bundle, in the order of the declaration.
  returned: success, unless O(validate_only)
  type: list
  elements: dict
  contains:
    id:
      description: Id of the bundle.
      type: str
    action:
      description: V(created), V(changed), V(deleted) or V(unchanged).
      type: str
    active:
      description: Whether it is the active one now.
      type: bool
    replaces:
      description: Id of the bundle that was active before, where this one takes its place.
      type: str
  sample:
    - {id: bulkhead-workshop, action: created, active: true, replaces: 2c53a13c-1765-11e8-82ef-23527761d060}
problems:
  description: What is wrong with the bundles. An error makes the module fail, a warning does not.
  returned: always, once the bundles could be read
  type: list
  elements: dict
  contains:
    bundle:
      description: Id of the bundle.
      type: str
    path:
      description: Where in the bundle.
      type: str
    message:
      description: What is wrong, and what may stand there.
      type: str
    gate:
      description: The gate, where there is one.
      type: str
    trigger:
      description: The trigger, where there is one.
      type: str
    parameter:
      description: The parameter, where there is one.
      type: str
    level:
      description: V(error) or V(warning).
      type: str
requests:
  description: Number of requests made.
  returned: success
  type: int
  sample: 3
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.policy_declaration import (
    Declared,
    declarations,
    refusal,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.policy_plan import (
    carry_out,
    diff,
    engine_specification,
    plan,
    report,
    survey,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import (
    ENGINE_1_1_0,
)

_ACCESS = ("url", "username", "password")


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    bundle: dict[str, dict[str, Any]] = {
        "bundle": {"type": "dict"},
        "path": {"type": "path"},
        "id": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "active": {"type": "bool"},
    }
    engine = anchore_argument_spec()
    optional = {name: {key: value for key, value in engine[name].items() if key != "required"} for name in _ACCESS}
    several = {"type": "list", "elements": "dict", "options": bundle, "mutually_exclusive": [["bundle", "path"]]}
    return {
        **engine,
        **optional,
        **bundle,
        "bundles": several,
        "validate_only": {"type": "bool", "default": False},
        "validate_against": {"type": "str", "choices": ["builtin", "engine"], "default": "builtin"},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["bundle", "path", "bundles"], ["id", "bundles"], ["active", "bundles"]],
    )
    offline = module.params["validate_only"] and module.params["validate_against"] == "builtin"
    missing = [name for name in _ACCESS if not module.params[name]]
    if missing and not offline:
        module.fail_json(msg=f"{', '.join(missing)}: needed, unless validate_only with validate_against builtin")
    try:
        client = None if offline else client_of(module.params)
        _run(module, client)
    except AnchoreError as exc:
        module.fail_json(msg=str(exc))


def _run(module: AnsibleModule, client: AnchoreClient | None) -> None:
    asked = client is not None and module.params["validate_against"] == "engine"
    declared = declarations(module.params, engine_specification(client) if client and asked else ENGINE_1_1_0)
    problems = [{"bundle": each.id, **problem.row()} for each in declared for problem in each.problems]
    refused = refusal(declared)
    if refused:
        module.fail_json(msg=refused, problems=problems)
    _warn(module, declared)
    if client is None or module.params["validate_only"]:
        module.exit_json(changed=False, problems=problems, requests=client.requests if client else 0)
    steps = plan(declared, survey(client))
    if not module.check_mode:
        carry_out(client, steps)
    changed = any(step.changes for step in steps)
    module.exit_json(
        changed=changed, bundles=report(steps), problems=problems, requests=client.requests, diff=diff(steps)
    )


def _warn(module: AnsibleModule, declared: list[Declared]) -> None:
    for each in declared:
        for problem in each.problems:
            module.warn(f"{each.id}: {problem}")


if __name__ == "__main__":
    main()
