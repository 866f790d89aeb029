#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep labels of namespaces."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_namespace_labels
short_description: Keep labels of namespaces that belong to somebody else
version_added: 0.2.0
description:
  - Sets labels on any number of namespaces in one call, by server-side apply under a field manager of its own. All
    else of the namespaces stays with whoever manages them.
  - Takes labels away again from namespaces that are no longer named. Only labels that this field manager has set are
    taken away, and a label that somebody else has set to the same value stays.
  - Never deletes a namespace.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
attributes:
  check_mode:
    support: full
    description: The API server is asked by dry run, and nothing is written.
  diff_mode:
    support: full
    description: Shows the labels of the field manager before and after, a namespace at a time.
  idempotent:
    support: full
    description: What is as wanted is not written again.
options:
  namespaces:
    description:
      - Dictionaries of labels by the name of the namespace.
      - These are all labels that O(field_manager) is to have in the cluster. An empty dictionary takes all away.
    type: dict
    required: true
  create:
    description:
      - Make namespaces that are not there. Without it, they are an error, and nothing is changed.
    type: bool
    default: false
  force_conflicts:
    description:
      - Take over labels that another manager has set to other values. Without it, such a conflict is an error.
    type: bool
    default: false
  field_manager:
    description:
      - The name under which the labels are owned. Give each set of labels a name of its own.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Enforce levels of the Pod Security Standards
  bulkhead.container_security.k8s_namespace_labels:
    field_manager: example-pod-security
    namespaces:
      shop:
        pod-security.kubernetes.io/enforce: restricted
      build:
        pod-security.kubernetes.io/enforce: baseline

- name: Take them away again
  bulkhead.container_security.k8s_namespace_labels:
    field_manager: example-pod-security
    namespaces: {}
"""

RETURN = r"""
namespaces:
  description: The namespaces that changed, or in check mode would.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The namespace.
      type: str
    before:
      description: The labels that the field manager had there.
      type: dict
    after:
      description: The labels that it has there now.
      type: dict
    created:
      description: Whether the namespace is new.
      type: bool
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s import namespace_labels
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.namespace_labels import Change


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    return {
        **connection_argument_spec(),
        "namespaces": {"type": "dict", "required": True},
        "create": {"type": "bool", "default": False},
        "force_conflicts": {"type": "bool", "default": False},
        "field_manager": {"type": "str", "required": True},
    }


def _wanted(given: dict[str, Any]) -> dict[str, dict[str, str]]:
    for name, labels in given.items():
        if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
            raise K8sError(f"namespaces: {name}: give a dictionary of labels whose values are strings")
    return {str(name): {str(key): value for key, value in labels.items()} for name, labels in given.items()}


def _diff(change: Change) -> dict[str, str]:
    shown = {
        side: json.dumps(dict(labels), indent=2, sort_keys=True) + "\n"
        for side, labels in (("before", change.before), ("after", change.after))
    }
    return {**shown, "before_header": f"Namespace {change.name}", "after_header": f"Namespace {change.name}"}


def run(params: dict[str, Any], *, check: bool) -> list[Change]:
    """What changed, or would. Raises K8sError."""
    wanted = _wanted(params["namespaces"])
    manager = str(params["field_manager"])
    cluster = connect(params)
    try:
        changes = namespace_labels.plan(cluster, wanted, manager, create=params["create"])
        # The server refuses what cannot be before anything is written.
        namespace_labels.apply(cluster, changes, manager, force=params["force_conflicts"], dry_run=True)
        if not check:
            namespace_labels.apply(cluster, changes, manager, force=params["force_conflicts"], dry_run=False)
        return changes
    finally:
        cluster.close()


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
        changes = run(module.params, check=module.check_mode)
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    rows = [
        {"name": one.name, "before": dict(one.before), "after": dict(one.after), "created": one.made} for one in changes
    ]
    module.exit_json(changed=bool(changes), namespaces=rows, diff=[_diff(one) for one in changes])


if __name__ == "__main__":
    main()
