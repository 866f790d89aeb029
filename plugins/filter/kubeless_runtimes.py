# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runtimes of Kubeless as its configuration has them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: kubeless_runtimes
short_description: C(runtime-images) of the configuration of Kubeless
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the value of C(runtime-images) in the ConfigMap C(kubeless-config) from C(kubeless_runtimes) of the role
    C(kubeless).
options:
  _input:
    description:
      - The runtimes, each with C(name), such as V(python3.8), and C(image), and where functions have dependencies also
        C(build_image), C(build_command) and C(dep_name).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what Kubeless would read
  ansible.builtin.debug:
    msg: "{{ [{'name': 'python3.8', 'image': image}] | bulkhead.container_security.kubeless_runtimes | to_nice_json }}"
  vars:
    image: registry.example.com/kubeless-python:3.8
"""

RETURN = r"""
_value:
  description: A list with an entry for each ID, which holds the versions of it.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.kubeless.declaration import runtime_images


def kubeless_runtimes(runtimes: Any) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    try:
        return runtime_images(json.loads(json.dumps(runtimes)))
    except (K8sError, KeyError, TypeError) as exc:
        reason = str(exc) if isinstance(exc, K8sError) else f"a runtime has a name and an image: {exc!r}"
        raise AnsibleFilterError(f"kubeless_runtimes: {reason}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"kubeless_runtimes": kubeless_runtimes}
