#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_reencrypt
short_description: Have a Kubernetes cluster write its Secrets anew, with the key that writes now
version_added: 0.2.0
description:
  - After encryption at rest was switched on, or its key replaced, old objects stay in etcd as they were written until
    somebody writes them again. This module has the API server do that for every object of the given resources.
  - Sends an empty patch for each object, which changes none of them, and which the API server stores only where
    another key, or none, wrote the object last. Only metadata is asked for, and no Secret's data is ever read.
  - A run that was cut off is continued by the next one.
attributes:
  check_mode:
    support: partial
    description: Counts the objects, and reports no change.
    details:
      - Only the API server knows which objects another key wrote, and it tells by storing them.
  diff_mode:
    support: none
    description: No object changes.
  idempotent:
    support: full
    description: A second run finds everything written by the key that writes now, and nothing is stored.
options:
  resources:
    description:
      - What to write anew, by the names that the EncryptionConfiguration uses, such as V(secrets), V(configmaps),
        V(widgets.example.com) or V(*.*).
    type: list
    elements: str
    default: [secrets]
extends_documentation_fragment:
  - bulkhead.container_security.k8s
seealso:
  - module: bulkhead.container_security.k8s_apiserver_config
author:
  - Bulkhead contributors (@bulkhead-security)
"""

EXAMPLES = r"""
- name: Encrypt the Secrets that are there already
  bulkhead.container_security.k8s_reencrypt:
    kubeconfig: /etc/kubernetes/admin.conf

- name: Encrypt ConfigMaps, too
  bulkhead.container_security.k8s_reencrypt:
    kubeconfig: /etc/kubernetes/admin.conf
    resources: [secrets, configmaps]
"""

RETURN = r"""
resources:
  description: What was done, by resource.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: The resource, as it is called in the EncryptionConfiguration.
      type: str
      sample: secrets
    objects:
      description: How many objects there are.
      type: int
      sample: 412
    rewritten:
      description: How many of them were stored anew.
      type: int
      sample: 412
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.reencrypt import (
    Rewritten,
    count,
    resources_named,
    rewrite,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    connect,
    connection_argument_spec,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_MOST_NAMED = 5


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options; DOCUMENTATION says what they mean."""
    return {
        **connection_argument_spec(),
        "resources": {"type": "list", "elements": "str", "default": ["secrets"]},
    }


def run(params: dict[str, Any], check_mode: bool) -> list[Rewritten]:
    """Write everything anew, or count it. Raises K8sError, also where some objects could not be written."""
    cluster = connect(params)
    try:
        resources = resources_named(Discovery(cluster), params["resources"])
        done = [count(cluster, each) if check_mode else rewrite(cluster, each) for each in resources]
    finally:
        cluster.close()
    failed = [(each.resource, entry) for each in done for entry in each.failed]
    if failed:
        named = "; ".join(
            f"{resource} {entry['namespace']}/{entry['name']}: {entry['message']}"
            for resource, entry in failed[:_MOST_NAMED]
        )
        raise K8sError(f"{len(failed)} objects could not be written anew, the others were: {named}")
    return done


def main() -> None:
    """The module's entry point."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
        supports_check_mode=True,
    )
    require_kubernetes(module)
    try:
        done = run(module.params, module.check_mode)
    except K8sError as exc:
        module.fail_json(msg=str(exc))
    results = [{name: value for name, value in asdict(each).items() if name != "failed"} for each in done]
    module.exit_json(changed=any(each.rewritten for each in done), resources=results)


if __name__ == "__main__":
    main()
