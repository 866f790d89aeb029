# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A declaration of who talks to whom, as NetworkPolicy objects."""

from __future__ import annotations

DOCUMENTATION = r"""
name: network_policies
short_description: NetworkPolicy objects from a short declaration
version_added: 0.2.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the NetworkPolicy objects for namespaces that deny by default and for the flows that are declared. The role
    C(k8s_network_policy) applies what it makes.
  - A flow gives its destination an ingress policy and its source an egress policy, each only where that direction is
    denied by default, for a policy isolates what it selects.
options:
  _input:
    description:
      - The declaration, with the keys C(namespaces), C(flows), C(exemptions), C(dns), C(blocked_addresses),
        C(namespace_label), C(prefix) and C(protected_namespaces). They are the options of the role of the same names.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the policies that would be made
  ansible.builtin.debug:
    msg: "{{ {'namespaces': [{'name': 'shop'}]} | bulkhead.container_security.network_policies }}"
"""

RETURN = r"""
_value:
  description: NetworkPolicy objects; those that allow come before those that deny.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.declaration import (
    network_policies,
)


def network_policies_filter(declaration: Any) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags that YAML writers do not know.
        return network_policies(json.loads(json.dumps(declaration)))
    except (K8sError, TypeError, KeyError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise AnsibleFilterError(f"network_policies: {reason}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"network_policies": network_policies_filter}
