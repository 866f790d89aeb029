# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions and triggers of Kubeless from a short declaration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: kubeless_objects
short_description: Functions and triggers of Kubeless from a short declaration
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Makes the objects of the group C(kubeless.io) that the role C(kubeless) applies.
  - A function without a declared runtime, a trigger without a declared function, and what Kubeless would put into a
    shell command unquoted is an error.
options:
  _input:
    description:
      - The declaration, with the keys C(functions), C(nats_triggers), C(http_triggers), C(cronjob_triggers) and
        C(runtimes), as the role has them, and C(namespace), for those that name none.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show a function and its trigger
  ansible.builtin.debug:
    msg: "{{ declaration | bulkhead.container_security.kubeless_objects }}"
  vars:
    declaration:
      namespace: functions
      runtimes: [{name: python3.8}]
      functions:
        - name: hello
          handler: hello.handler
          runtime: python3.8
          function: "def handler(event, context): return 'hello'"
      nats_triggers:
        - name: hello
          function: hello
          topic: greetings
"""

RETURN = r"""
_value:
  description: Functions, then triggers, ready to be applied.
  type: list
  elements: dict
"""

import json
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.kubeless.declaration import (
    kubeless_objects as objects_of,
)


def kubeless_objects(declaration: Any) -> list[dict[str, Any]]:
    """The filter. Raises AnsibleFilterError with the sentence of what is wrong."""
    # A JSON round trip takes off the tags that Ansible puts on data.
    try:
        return objects_of(json.loads(json.dumps(declaration)))
    except (K8sError, KeyError, TypeError, AttributeError) as exc:
        reason = str(exc) if isinstance(exc, K8sError) else f"the declaration has not the form of its own: {exc!r}"
        raise AnsibleFilterError(f"kubeless_objects: {reason}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"kubeless_objects": kubeless_objects}
