#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_default_service_account
short_description: Keep the tokens of default ServiceAccounts out of pods
version_added: 0.2.0
description:
  - Sets C(automountServiceAccountToken) of the default ServiceAccounts of many namespaces to false, by server-side
    apply of this one field. Everything else of the objects is left alone.
  - Pods that run already keep the token that they have.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  namespaces:
    description: The namespaces.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(absent) takes the field away again where this module has set it, so that tokens are mounted as Kubernetes does
        by itself.
    type: str
    choices: [present, absent]
    default: present
  field_manager:
    description: The name under which the field is owned.
    type: str
    default: bulkhead-rbac
attributes:
  check_mode:
    description: The server is asked by dry run, and nothing is written.
    support: full
  diff_mode:
    description: Shows the field, namespace by namespace.
    support: full
  idempotent:
    description: What is as wanted already is not written.
    support: full
"""

EXAMPLES = r"""
- name: No token in pods that do not ask for one
  bulkhead.container_security.k8s_default_service_account:
    namespaces: [default, shop]
"""

RETURN = r"""
namespaces:
  description: The namespaces whose default ServiceAccount was changed, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [shop]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.default_account import (
    apply,
    default_accounts,
    mounts,
    owned_by,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    return {
        **connection_argument_spec(),
        "namespaces": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "field_manager": {"type": "str", "default": "bulkhead-rbac"},
    }


def _run(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    manager, absent = params["field_manager"], params["state"] == "absent"
    cluster = connect(params)
    accounts = default_accounts(cluster, dict.fromkeys(params["namespaces"]))
    wrong = [name for name, account in accounts.items() if (owned_by(account, manager) if absent else mounts(account))]
    in_parallel(
        lambda name: apply(cluster, name, manager, keep_token=absent, dry_run=module.check_mode),
        wrong,
    )
    diff = [
        {
            "before_header": f"ServiceAccount {name}/default",
            "before": f"automountServiceAccountToken: {'false' if absent else 'not false'}\n",
            "after": f"automountServiceAccountToken: {'not set' if absent else 'false'}\n",
        }
        for name in wrong
    ]
    return {"changed": bool(wrong), "namespaces": wrong, "diff": diff}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    try:
        result = _run(module)
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
