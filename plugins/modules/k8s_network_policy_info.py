#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_network_policy_info
short_description: What network policies cover, and who may connect to whom
version_added: 0.2.0
description:
  - Tells for each namespace whether it denies by default and which pods no policy isolates; for each policy what it
    selects and what in it does nothing; and whether one end may connect to another.
  - With O(definitions), all of this is told as if these policies were applied, before anything is cut off.
  - It is about what the policies say. Whether the network plugin enforces them, the API server does not know.
author: Bulkhead contributors (@bulkhead-security)
options:
  namespaces:
    description: The namespaces to tell about. Without any, all.
    type: list
    elements: str
    default: []
  definitions:
    description: NetworkPolicy objects to judge as if they were applied, each in the place of its namesake.
    type: list
    elements: dict
    default: []
  ignore_live:
    description: Judge O(definitions) alone, as if the cluster had no policy yet.
    type: bool
    default: false
  connections:
    description: Questions, each whether a connection may be made.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Who connects, by O(connections[].source.ip), or by namespace with a pod or labels.
        type: dict
        required: true
        suboptions: &end
          namespace:
            description: The namespace of the pod.
            type: str
          pod:
            description: The name of a pod that runs.
            type: str
          labels:
            description: Labels of a pod that need not run, or that it has beside its own.
            type: dict
          ip:
            description: An address outside of the cluster.
            type: str
      destination:
        description: To whom, in the same form.
        type: dict
        required: true
        suboptions: *end
      port:
        description: The port of the pod, which is not always that of a service in front of it.
        type: int
        required: true
      protocol:
        description: The protocol.
        type: str
        choices: [TCP, UDP, SCTP]
        default: TCP
extends_documentation_fragment:
  - bulkhead.container_security.k8s
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed, so there is no difference to show.
    support: N/A
  idempotent:
    description: Nothing is ever changed.
    support: full
"""

EXAMPLES = r"""
- name: Which pods does no policy isolate?
  bulkhead.container_security.k8s_network_policy_info:
    namespaces: [shop]
  register: coverage

- name: Does the database take connections from the web alone?
  bulkhead.container_security.k8s_network_policy_info:
    connections:
      - {source: {namespace: shop, labels: {app: web}}, destination: {namespace: shop, labels: {app: db}}, port: 5432}
      - {source: {namespace: blog, labels: {app: web}}, destination: {namespace: shop, labels: {app: db}}, port: 5432}
"""

RETURN = r"""
namespaces:
  description: What is covered, by namespace.
  returned: success
  type: list
  elements: dict
  contains:
    namespace: {description: The name., type: str, returned: always}
    network_policies: {description: The names of its policies., type: list, elements: str, returned: always}
    network_pods: {description: Pods to which policies can apply., type: int, returned: always}
    network_host_pods: {description: Pods in the network of their node., type: int, returned: always}
    network_default_deny_ingress: {description: Whether ingress is denied by default., type: bool, returned: always}
    network_default_deny_egress: {description: Whether egress is denied by default., type: bool, returned: always}
    network_open_ingress: {description: Pods that are not isolated for ingress., type: list, returned: always}
    network_open_egress: {description: Pods that are not isolated for egress., type: list, returned: always}
    network_without_dns: {description: Pods that cannot ask the cluster's DNS., type: list, returned: always}
    unknown: {description: Facts that policies of other kinds may decide., type: dict, returned: when there are such}
policies:
  description: What each policy selects (RV(policies[].selects)), and which of its peers are no pod (C(dead_peers)).
  returned: success
  type: list
  elements: dict
  contains:
    selects: {description: Whether it selects a running pod., type: bool, returned: always}
connections:
  description: The questions, each with C(allowed) and C(denied_by), the directions in which policies stop it.
  returned: success
  type: list
  elements: dict
unlabelled_namespaces:
  description: Selectors of namespaces in O(definitions) that select none.
  returned: success
  type: list
  elements: str
missing_namespaces:
  description: Namespaces of O(definitions) that the cluster does not have.
  returned: success
  type: list
  elements: str
enforcement:
  description: What this module cannot tell.
  returned: success
  type: str
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
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.survey import survey


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    end: dict[str, Any] = {
        "namespace": {"type": "str"},
        "pod": {"type": "str"},
        "labels": {"type": "dict"},
        "ip": {"type": "str"},
    }
    question: dict[str, Any] = {
        "source": {"type": "dict", "required": True, "options": end},
        "destination": {"type": "dict", "required": True, "options": end},
        "port": {"type": "int", "required": True},
        "protocol": {"type": "str", "choices": ["TCP", "UDP", "SCTP"], "default": "TCP"},
    }
    return {
        **connection_argument_spec(),
        "namespaces": {"type": "list", "elements": "str", "default": []},
        "definitions": {"type": "list", "elements": "dict", "default": []},
        "ignore_live": {"type": "bool", "default": False},
        "connections": {"type": "list", "elements": "dict", "default": [], "options": question},
    }


def main() -> None:
    """Read the cluster and tell."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    try:
        cluster = connect(module.params)
        try:
            result = survey(cluster, module.params)
        finally:
            cluster.close()
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
