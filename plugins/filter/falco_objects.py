# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of Falco on a cluster, from the variables of the role falco."""

from __future__ import annotations

DOCUMENTATION = r"""
name: falco_objects
short_description: The Kubernetes objects of Falco, and of falcosidekick
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes a DaemonSet of Falco with capabilities in the place of a privileged container, its configuration and rules,
    a ServiceAccount without rights, a namespace and network policies. Where asked, a PodSecurityPolicy and
    falcosidekick come with them.
  - It is what the role P(bulkhead.container_security.falco#role) applies. A pod is replaced when its configuration or
    its rules change.
positional: _input
options:
  _input:
    description: What is to be deployed.
    type: dict
    required: true
    suboptions:
      namespace:
        description: Where everything is.
        type: str
        default: falco
      create_namespace:
        description: Whether the namespace is one of the objects.
        type: bool
        default: true
      config:
        description: The configuration of Falco as P(bulkhead.container_security.falco_config#filter) makes it.
        type: dict
        required: true
      rules:
        description: Files of rules by their names.
        type: dict
        default: {}
      image:
        description: The image of Falco.
        type: str
        required: true
      image_pull_policy:
        description: When it is pulled.
        type: str
        default: IfNotPresent
      image_pull_secrets:
        description: Names of Secrets for that.
        type: list
        elements: str
        default: []
      capabilities:
        description: What the container may do.
        type: list
        elements: str
        required: true
      container_sockets:
        description: Sockets of container runtimes on the nodes.
        type: list
        elements: str
        required: true
      seccomp_profile:
        description: The type of the seccomp profile.
        type: str
        default: Unconfined
      apparmor_unconfined:
        description: Whether AppArmor lets it read of every process.
        type: bool
        default: true
      tls_secret:
        description: A Secret with what Falco proves itself by.
        type: str
      tolerations:
        description: Taints that it tolerates.
        type: list
        elements: dict
        default: []
      node_selector:
        description: Labels of the nodes.
        type: dict
      priority_class:
        description: Its priority class.
        type: str
      resources:
        description: Requests and limits.
        type: dict
        default: {}
      max_unavailable:
        description: How many nodes may be without it in an update.
        type: raw
        default: 1
      pod_security_policy:
        description: Whether it brings a PodSecurityPolicy.
        type: bool
        default: false
      network_policy:
        description: Whether it brings network policies.
        type: bool
        default: true
      namespace_label:
        description: The label with the name of a namespace.
        type: str
        default: kubernetes.io/metadata.name
      dns_labels:
        description: Labels of the pods of the DNS.
        type: dict
        default: {}
      metrics_peers:
        description: Who may ask for metrics.
        type: list
        elements: dict
        default: []
      egress:
        description: Whom Falco may reach beside the receiver of alerts.
        type: list
        elements: dict
        default: []
      sidekick:
        description: Falcosidekick.
        type: dict
"""

EXAMPLES = r"""
- name: Show the objects that the role falco applies
  ansible.builtin.debug:
    msg: "{{ deployment | bulkhead.container_security.falco_objects }}"
  vars:
    deployment:
      config: "{{ {} | bulkhead.container_security.falco_config(platform='kubernetes') }}"
      image: docker.io/falcosecurity/falco:0.43.1
      capabilities: [BPF, PERFMON, SYS_RESOURCE, SYS_PTRACE, DAC_READ_SEARCH]
      container_sockets: [/run/containerd/containerd.sock]
"""

RETURN = r"""
_value:
  description: The objects, ready to be applied.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.objects import (
    DEFAULTS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.objects import (
    falco_objects as objects_of,
)

_REQUIRED = ("config", "image", "capabilities", "container_sockets")


def falco_objects(deployment: Any) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    # A JSON round trip takes off the tags that Ansible puts on data.
    plain = json.loads(json.dumps(deployment))
    missing = [key for key in _REQUIRED if key not in plain] if isinstance(plain, dict) else list(_REQUIRED)
    if missing:
        raise AnsibleFilterError(f"falco_objects: the deployment is a dictionary with {', '.join(missing)}")
    options = {**DEFAULTS, **plain}
    try:
        return objects_of(options, yaml.safe_dump(options["config"], sort_keys=False, width=120))
    except FalcoError as exc:
        raise AnsibleFilterError(f"falco_objects: {exc}") from exc


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"falco_objects": falco_objects}
