#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan pod security."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_pod_security_plan
short_description: Plan what enforces pod security in a cluster, and tell whom it would refuse
version_added: 0.2.0
description:
  - Turns a level for each namespace into what the cluster has to enforce it with. That is PodSecurityPolicies with the
    RBAC to use them, or labels of namespaces and ValidatingAdmissionPolicies.
  - Finds out by dry runs what really is enforced. A PodSecurityPolicy without its admission plugin enforces nothing.
  - Lists the workloads that would be refused.
  - Changes nothing. The role C(k8s_pod_security) carries the plan out.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: A second run gives the same plan, unless the cluster changed meanwhile.
options:
  state:
    description:
      - With V(absent) the plan is empty.
    type: str
    choices: [present, absent]
    default: present
  backend:
    description:
      - What to enforce with. V(auto) takes PodSecurityPolicies where they are enforced, else labels where they are,
        else PodSecurityPolicies where they can be stored.
    type: str
    choices: [auto, psp, labels]
    default: auto
  namespaces:
    description:
      - The level of each namespace, or a dictionary of C(level), C(audit), C(warn) and C(version). C(audit) and C(warn)
        are levels that labels only record and warn of, by default the same level.
    type: dict
    default: {}
  default_level:
    description:
      - The level of all other namespaces that exist and are not exempt. Without it they are left alone.
    type: str
    choices: [privileged, baseline, restricted]
  version:
    description:
      - The version of the Pod Security Standards, V(latest) or as in V(v1.30).
    type: str
    default: latest
  exempt_namespaces:
    description:
      - Namespaces without a level. With PodSecurityPolicies, their pods may be privileged.
    type: list
    elements: str
    default: [kube-system, kube-public, kube-node-lease]
  exempt_subjects:
    description:
      - Users, groups and ServiceAccounts whose pods are not judged, as subjects of a binding.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: What it is.
        type: str
        choices: [User, Group, ServiceAccount]
        required: true
      name:
        description: Its name.
        type: str
        required: true
      namespace:
        description: The namespace of a ServiceAccount.
        type: str
  psp_additions:
    description:
      - Changes to the PodSecurityPolicies by level, each a dictionary of C(spec) and C(annotations).
    type: dict
    default: {}
  rules:
    description:
      - What the levels cannot say. C(allowed_registries), C(require_digest), C(forbid_latest),
        C(read_only_root_filesystem), C(required_limits), C(run_as_user), C(run_as_group), C(fs_group) and
        C(supplemental_groups).
    type: dict
    default: {}
  rule_actions:
    description:
      - What is done about a pod that breaks a rule. V(Warn) and V(Audit) serve for a trial.
    type: list
    elements: str
    choices: [Deny, Warn, Audit]
    default: [Deny]
  prefix:
    description:
      - How the names of all objects begin.
    type: str
    default: bulkhead
"""

EXAMPLES = r"""
- name: Whom would these levels refuse
  bulkhead.container_security.k8s_pod_security_plan:
    namespaces:
      shop: restricted
      build:
        level: baseline
        warn: restricted
    rules:
      allowed_registries: [registry.example.com]
      forbid_latest: true
  register: plan

- name: Show them
  ansible.builtin.debug:
    var: plan.refused
"""

RETURN = r"""
backend:
  description: V(psp) or V(labels).
  returned: success
  type: str
enforced:
  description: Whether the cluster is known to judge pods by that backend.
  returned: success
  type: bool
psp_enforced:
  description: Whether the cluster judges pods by PodSecurityPolicies, whatever the backend.
  returned: success
  type: bool
definitions:
  description: The objects of the plan.
  returned: success
  type: list
  elements: dict
labels:
  description: The labels of the plan, by namespace.
  returned: success
  type: dict
missing:
  description: Namespaces that have a level and do not exist.
  returned: success
  type: list
  elements: str
refused:
  description: Workloads that would be refused, with C(kind), C(namespace), C(name), C(level) and C(reasons).
  returned: success
  type: list
  elements: dict
warnings:
  description: What is declared and cannot be enforced here.
  returned: success
  type: list
  elements: str
requests:
  description: Number of requests made to the API server.
  returned: success
  type: int
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
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.plan import plan

_LEVELS = ["privileged", "baseline", "restricted"]
_RBAC_GROUP = "rbac.authorization.k8s.io"


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    subject: dict[str, dict[str, Any]] = {
        "kind": {"type": "str", "choices": ["User", "Group", "ServiceAccount"], "required": True},
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str"},
    }
    return {
        **connection_argument_spec(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "backend": {"type": "str", "choices": ["auto", "psp", "labels"], "default": "auto"},
        "namespaces": {"type": "dict", "default": {}},
        "default_level": {"type": "str", "choices": _LEVELS},
        "version": {"type": "str", "default": "latest"},
        "exempt_namespaces": {
            "type": "list",
            "elements": "str",
            "default": ["kube-system", "kube-public", "kube-node-lease"],
        },
        "exempt_subjects": {"type": "list", "elements": "dict", "default": [], "options": subject},
        "psp_additions": {"type": "dict", "default": {}},
        "rules": {"type": "dict", "default": {}},
        "rule_actions": {"type": "list", "elements": "str", "choices": ["Deny", "Warn", "Audit"], "default": ["Deny"]},
        "prefix": {"type": "str", "default": "bulkhead"},
    }


def _subject(given: dict[str, Any]) -> dict[str, str]:
    """As a binding has it."""
    if given["kind"] != "ServiceAccount":
        return {"apiGroup": _RBAC_GROUP, "kind": given["kind"], "name": given["name"]}
    if not given.get("namespace"):
        raise K8sError(f"exempt_subjects: the ServiceAccount {given['name']} needs its namespace")
    return {"kind": given["kind"], "name": given["name"], "namespace": given["namespace"]}


def run(params: dict[str, Any]) -> dict[str, Any]:
    """The plan. Raises K8sError."""
    subjects = [_subject(one) for one in params["exempt_subjects"]]
    cluster = connect(params)
    try:
        return plan(cluster, {**params, "exempt_subjects": subjects})
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
        found = run(module.params)
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    for warning in found.pop("warnings"):
        module.warn(warning)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
