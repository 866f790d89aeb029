#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_cluster_info
short_description: Which cluster this is, its version, and the APIs that it serves
version_added: 0.3.0
description:
  - Tells what a play has to know of a cluster before it decides what to bring there, in three requests.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  diff_mode:
    description: Nothing is ever changed.
    support: none
  idempotent:
    description: Nothing is ever changed.
    support: full
"""

EXAMPLES = r"""
- name: Learn what the cluster is
  bulkhead.container_security.k8s_cluster_info:
  register: cluster

- name: Stop where the cluster is too old
  ansible.builtin.assert:
    that: cluster.version.minor >= 25
"""

RETURN = r"""
version:
  description: The version of the API server, with C(major) and C(minor) as numbers and its own text as C(git).
  returned: success
  type: dict
  sample: {major: 1, minor: 30, git: v1.30.2}
uid:
  description: The uid of the namespace C(kube-system), which O(expect_cluster) takes.
  returned: success
  type: str
  sample: 0b2c4a54-0fd8-4c3f-9e53-0c5f6f0d4b7e
api_versions:
  description: The versions of all API groups that are served.
  returned: success
  type: list
  elements: str
  sample: [v1, apps/v1, policy/v1]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


def cluster_facts(cluster: Cluster) -> dict[str, Any]:
    """The return values. Raises K8sError where the server does not answer, or is none."""
    version = cluster.version
    groups = cluster.get("/apis").get("groups") or ()
    served = [str(found["groupVersion"]) for group in groups for found in group.get("versions") or ()]
    return {
        "version": {"major": version.major, "minor": version.minor, "git": version.git},
        "uid": cluster.identity(),
        "api_versions": ["v1", *sorted(served)],
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        connection_argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    require_kubernetes(module)
    try:
        facts = cluster_facts(connect(module.params))
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
