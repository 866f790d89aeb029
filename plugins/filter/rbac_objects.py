# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles and bindings from a short declaration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rbac_objects
short_description: Least-privilege roles and bindings from a declaration of teams
version_added: 0.2.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes a ClusterRole for each profile that is used, and binds it to each team in each of its namespaces.
  - The profiles have no wildcard, no Secrets, and no way into a running container. A team that needs more asks for it
    by name.
  - What is not sound fails with a sentence that names the team or the profile.
positional: _input
options:
  _input:
    description:
      - The teams. Each is a dictionary with C(name), C(subjects), C(profiles) or C(extras), and either C(namespaces) or
        C(cluster_wide=true).
      - A subject is V(User:alice), V(Group:devs) or V(ServiceAccount:ci/deployer).
      - Profiles are V(viewer), V(developer), V(deployer), V(operator) and V(auditor), and those of O(profiles).
      - Extras are V(secrets_read), V(secrets_write), V(exec), V(port_forward), V(debug), V(network_policies) and
        V(roles).
    type: list
    elements: dict
    required: true
  profiles:
    description: Profiles of your own, as lists of rules by name. A rule is as in a Role, in camel case or snake case.
    type: dict
    default: {}
  allow_wildcards:
    description: Whether O(profiles) may have rules with V(*).
    type: bool
    default: false
  prefix:
    description: How the names of the objects begin.
    type: str
    default: bulkhead
"""

EXAMPLES = r"""
- name: Show the roles and bindings of a team
  ansible.builtin.debug:
    msg: "{{ teams | bulkhead.container_security.rbac_objects }}"
  vars:
    teams:
      - name: shop
        subjects: ["Group:shop-developers"]
        namespaces: [shop, shop-test]
        profiles: [developer]
"""

RETURN = r"""
_value:
  description: ClusterRoles, RoleBindings and ClusterRoleBindings, ready to be applied.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.declaration import (
    rbac_objects as objects_of,
)


def rbac_objects(
    teams: Any,
    profiles: Any = None,
    allow_wildcards: bool = False,
    prefix: str = "bulkhead",
) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    # A JSON round trip takes off the tags that Ansible puts on data.
    plain = json.loads(json.dumps({"teams": teams, "profiles": profiles or {}}))
    if not isinstance(plain["teams"], list) or not isinstance(plain["profiles"], dict):
        raise AnsibleFilterError("rbac_objects: the teams are a list, and profiles a dictionary")
    try:
        return objects_of(plain["teams"], plain["profiles"], allow_wildcards=bool(allow_wildcards), prefix=str(prefix))
    except K8sError as exc:
        raise AnsibleFilterError(f"rbac_objects: {exc}") from exc


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"rbac_objects": rbac_objects}
