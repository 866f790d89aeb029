# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the response engine may do in a cluster, computed from what it is told to do."""

from __future__ import annotations

DOCUMENTATION = r"""
name: response_permissions
short_description: Least-privilege roles and bindings for the rules of the response engine
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes a Role and a RoleBinding in each namespace where a rule may act, with what the steps of the rule need there.
  - A ClusterRole and a ClusterRoleBinding are made only where a step needs what lies in no namespace, such as a node,
    or where the namespaces of a rule are a pattern.
  - A rule that is a dry run is given what it needs to look, and nothing to change anything.
positional: _input
options:
  _input:
    description: The rules, as in the configuration of the response engine.
    type: list
    elements: dict
    required: true
  permissions:
    description: What each action needs, as C(permissions.json) of the response runner has it.
    type: dict
    required: true
  allowed_namespaces:
    description: The namespaces outside of which nothing is done. Names, or patterns with V(*).
    type: list
    elements: str
    required: true
  protected_namespaces:
    description:
      - Namespaces in which nothing is done although they are allowed. V(kube-system), V(kube-public),
        V(kube-node-lease) and the namespace of the ServiceAccount are always among them.
      - A pattern among the allowed namespaces is granted in the whole cluster. There, it is the engine alone that keeps
        out of the protected ones.
    type: list
    elements: str
    default: []
  service_account:
    description: Name of the ServiceAccount that the engine acts with.
    type: str
    default: bulkhead-response
  namespace:
    description: The namespace of the ServiceAccount.
    type: str
    default: bulkhead-response
  name:
    description: The name of the roles and bindings.
    type: str
    default: bulkhead-response
  dry_run:
    description: Whether all rules are dry runs.
    type: bool
    default: false
  look_up:
    description: Whether the engine looks at the pod of each alert, as it does where images are protected.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what the response engine would be allowed to do
  ansible.builtin.debug:
    msg: >-
      {{ rules | bulkhead.container_security.response_permissions(
           permissions=lookup('ansible.builtin.file', 'permissions.json') | from_json, allowed_namespaces=['shop']) }}
  vars:
    rules:
      - name: a shell in a container
        match:
          rules: [Terminal shell in container]
        steps:
          - action: delete_pod
"""

RETURN = r"""
_value:
  description: Roles, RoleBindings, ClusterRoles and ClusterRoleBindings, ready to be applied.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.response.permissions import (
    ALWAYS_PROTECTED,
    Account,
    Bounds,
    response_objects,
)

_NAME = "bulkhead-response"


def response_permissions(
    rules: Any,
    permissions: Any,
    allowed_namespaces: Any,
    protected_namespaces: Any = (),
    service_account: str = _NAME,
    namespace: str = _NAME,
    name: str = _NAME,
    dry_run: bool = False,
    look_up: bool = False,
) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    # A JSON round trip takes off the tags that Ansible puts on data.
    plain = json.loads(json.dumps([rules, permissions, list(allowed_namespaces), list(protected_namespaces)]))
    account = Account(str(service_account), str(namespace), str(name))
    bounds = Bounds(plain[2], (*ALWAYS_PROTECTED, account.namespace, *plain[3]))
    try:
        return response_objects(plain[0], plain[1], bounds, account, dry_run=bool(dry_run), look_up=bool(look_up))
    except K8sError as exc:
        raise AnsibleFilterError(f"response_permissions: {exc}") from exc
    except (AttributeError, KeyError, TypeError) as exc:
        raise AnsibleFilterError(
            f"response_permissions: the rules or the table of permissions have not the form of their own: {exc!r}"
        ) from exc


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"response_permissions": response_permissions}
