# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of the admission webhook, from the variables of the role anchore_admission."""

from __future__ import annotations

DOCUMENTATION = r"""
name: admission_objects
short_description: The Kubernetes objects of the admission webhook, and how API servers come to ask it
version_added: 0.4.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes what the role P(bulkhead.container_security.anchore_admission#role) applies. The webhook is its own set of
    objects, so that it is applied last and removed first.
options:
  _input:
    description:
      - The declaration, with the keys C(name), C(namespace), C(create_namespace), C(image), C(image_pull_policy),
        C(image_pull_secrets), C(command), C(replicas), C(resources), C(node_selector), C(tolerations),
        C(priority_class), C(policies), C(policy_label), C(exempt_namespaces), C(failure_policy), C(timeout_seconds),
        C(object_selector), C(url), C(network_policy), C(egress), C(metrics_from) and C(client_names), which are options
        of the role of the same names.
      - C(settings) is the rest of the configuration of the webhook. C(code), C(secrets) and C(tls) are files by their
        names, the last two as base64. C(ca_bundle) is what API servers trust, C(budget_version) the API of disruption
        budgets.
    type: dict
    required: true
  image_policy_url:
    description: The URL by which API servers reach the webhook for C(ImagePolicyWebhook). Empty means not at all.
    type: str
    default: ""
  image_policy_default_allow:
    description: Whether API servers admit images while nobody answers them.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Make the objects of the webhook
  ansible.builtin.set_fact:
    admission: "{{ declaration | bulkhead.container_security.admission_objects }}"
  vars:
    declaration:
      image: "{{ admission_image }}"
      settings: {scanner: {kind: anchore, url: "https://anchore.example.com:8228/v1", username: admission}}
"""

RETURN = r"""
_value:
  description:
    - C(workload) and C(webhook) are lists of objects. C(settings) is the configuration that the pod reads.
    - C(names) are those of its certificate. C(image_policy) has C(configuration) and C(kubeconfig) for an API server.
  type: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import (
    AdmissionError,
    merged,
    service_names,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.settings import settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.webhook import (
    image_policy,
    never_asked,
    webhook_configuration,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.workload import workload

# Seconds that an API server keeps an answer: as short as the webhook keeps a refusal.
_KEPT = 30


def admission_objects(
    declaration: Any, image_policy_url: str = "", image_policy_default_allow: bool = False
) -> dict[str, Any]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags.
        plain = json.loads(json.dumps(declaration))
        declared = merged(plain)
        asked = image_policy(plain, image_policy_url, _KEPT, _KEPT, image_policy_default_allow)
        return {
            "settings": settings(declared),
            "workload": workload(plain),
            "webhook": [webhook_configuration(plain)],
            "names": service_names(declared["name"], declared["namespace"]),
            "never_asked": never_asked(declared),
            "image_policy": asked if image_policy_url else {},
        }
    except AdmissionError as exc:
        raise AnsibleFilterError(f"admission_objects: {exc}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"admission_objects": admission_objects}
