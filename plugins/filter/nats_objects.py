# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NATS on Kubernetes, as objects."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nats_objects
short_description: Kubernetes objects that run a hardened NATS server or cluster
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the StatefulSet, the Services, the configuration, the Secret of the certificates, the NetworkPolicy and the
    PodDisruptionBudget of one NATS server, or of a cluster of three or five. The role C(nats) applies what it makes.
options:
  _input:
    description:
      - The declaration, with the keys C(name), C(namespace), C(make_namespace), C(replicas), C(image),
        C(image_pull_policy), C(image_pull_secrets), C(command), C(reloader_image), C(cluster_domain), C(storage),
        C(resources), C(labels), C(user_id), C(spread), C(budget_version), C(clients), C(monitors) and C(service_type),
        which are options of the role of the same names.
      - C(server) is what P(bulkhead.container_security.nats_config#filter) takes, without what the pod decides, such as
        addresses and paths. C(files) are the files of the TLS Secret, PEM texts by name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Make the objects of a server
  ansible.builtin.set_fact:
    nats_definitions: "{{ workload | bulkhead.container_security.nats_objects }}"
"""

RETURN = r"""
_value:
  description: The objects, ready to be applied as one set.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.workload import nats_objects


def nats_objects_filter(workload: Any) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError for what cannot be meant."""
    try:
        # The round trip gives plain values: those of a play carry tags.
        return nats_objects(json.loads(json.dumps(workload)))
    except (NatsError, KeyError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise AnsibleFilterError(f"nats_objects: {reason}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"nats_objects": nats_objects_filter}
